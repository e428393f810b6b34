"""`gearshift plan`, from stated rates and from the log."""

import json
import sys

import click
import pytest
from click.testing import CliRunner
from tests.fakes.busy_log import busy_log
from tests.fakes.logs import log_in

from gearshift.capacity import plan as capacity_plan
from gearshift.cli.plan import command
from gearshift.decision_log.database import open_database
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.errors import ConfigError, GearshiftError, MissingExtraError

STATED = (
    *("--rate", "4", "--prompt-tokens", "400", "--completion-tokens", "200"),
    *("--tier", "simple:share=0.5,decode=80,prefill=4000,slots=8,slowdown=0.1,cost=1"),
    *("--tier", "complex:decode=40,prefill=2000,slots=8,slowdown=0.1,cost=3"),
)


@pytest.fixture(autouse=True)
def short_runs(monkeypatch):
    monkeypatch.setattr(capacity_plan, "_FEWEST", 200)


@pytest.fixture
def run(tmp_path):
    """Runs the command with an empty configuration, or on a log with these requests."""
    config = tmp_path / "x.yaml"

    def run(*arguments, events=None, judged=None, more=""):
        text = more or "cache: {enabled: false}\n"
        if events is not None:
            url = log_in(tmp_path, events)
            text += f"decision_log: {{url: '{url}'}}\n"
            if judged is not None:
                _judge(url, events, judged)
        config.write_text(text)
        asked = ["--config", str(config), *arguments]
        result = CliRunner().invoke(command, asked, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def _judge(url, events, judged):
    engine = open_database(url)
    with engine.begin() as connection:
        for event in events:
            weak = judged(event.decision.score)
            row = JudgementRow(event.decision.id, 1e9, "model", "tie", weak, 1.0, 1.0)
            insert_judgement(connection, row)
    engine.dispose()


def facts(run, *arguments, **options):
    return json.loads(run(*arguments, "--json", **options))


def test_a_stated_load_is_planned(run):
    found = facts(run, *STATED, "--p95-seconds", "15")
    [plan] = found["plans"]
    simple, complex_ = plan["tiers"]["simple"], plan["tiers"]["complex"]
    assert simple["rate"] == complex_["rate"] == 2.0
    assert simple["seconds_alone"] == pytest.approx(0.1 + 2.5)
    assert found["recommended"]["deployments"] == {
        "simple": simple["deployments"],
        "complex": complex_["deployments"],
    }
    assert plan["cost_per_hour"] == simple["deployments"] + 3 * complex_["deployments"]
    for tier in (simple, complex_):
        assert tier["failures"] == []
        assert tier["total_seconds"]["p95"]["ci"][1] <= 15
        assert tier["utilisation"] <= 0.8
    # 2 x 1.7 s of work per second; eight slots do 8 / 1.7 of it.
    assert complex_["smaller"]["failures"]


def test_it_is_said_in_words_too(run):
    said = run(*STATED, "--p95-seconds", "15", "--spare", "1")
    assert "load          4 requests/s, stated" in said
    assert "targets       p95 total at most 15 s; utilisation at most 80 %" in said
    assert "(1 spare)" in said
    assert "recommended   " in said
    assert "why           complex: " in said
    assert "assumes       tokens of prompts and answers are log-normal" in said
    assert "saturates     " in said


def test_growth_spares_and_targets_of_a_tier(run):
    usual = facts(run, *STATED)["plans"][0]
    grown = facts(run, *STATED, "--growth", "3", "--spare", "2")["plans"][0]
    for name in ("simple", "complex"):
        assert grown["tiers"][name]["rate"] == 3 * usual["tiers"][name]["rate"]
        more = grown["tiers"][name]
        assert more["deployments"] == more["without_spare"] + 2
        assert more["without_spare"] >= usual["tiers"][name]["deployments"]
    own = [*STATED[:-1], STATED[-1] + ",p95=30,first-token=9"]
    targets = facts(run, *own, "--p95-seconds", "50")["targets"]
    assert (targets["simple"]["total"], targets["simple"]["first"]) == (50, None)
    assert (targets["complex"]["total"], targets["complex"]["first"]) == (30, 9)


def test_a_tier_without_requests_needs_nothing_stated(run):
    found = facts(run, *STATED[:6], "--tier", "simple:share=1,decode=80,prefill=4000,slots=8")
    assert set(found["plans"][0]["tiers"]) == {"simple"}
    assert any("slowdown=1" in line for line in found["assumptions"])


def test_prices_of_tokens_are_costs_where_no_deployment_is_paid_for(run):
    prices = (
        "prices: {currency: EUR, per_million_tokens: {'gemma2:2b': {input: 1, output: 2},"
        " 'mistral:7b-instruct': {input: 3, output: 4}}}\n"
    )
    free = [argument.replace(",cost=1", "").replace(",cost=3", "") for argument in STATED]
    plan = facts(run, *free, more=prices)["plans"][0]
    assert plan["currency"] == "EUR"
    expected = 7_200 * (400 * 1 + 200 * 2 + 400 * 3 + 200 * 4) / 1e6
    assert plan["cost_per_hour"] == pytest.approx(expected)
    assert plan["flops_per_hour"] == pytest.approx(7_200 * 2 * 600 * (2.614e9 + 7.248e9))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rate", "1"), "what share of the requests is for simple, complex"),
        (
            ("--rate", "1", "--tier", "simple:share=1"),
            "how fast is simple.*simple:decode=TOKENS_PER_SECOND,prefill=TOKENS_PER_SECOND",
        ),
        (
            ("--rate", "1", "--tier", "simple:share=1,decode=1,prefill=1"),
            "how many tokens has a prompt of simple.*--prompt-tokens",
        ),
        (
            ("--rate", "1", "--tier", "simple:share=0.5", "--tier", "complex:share=0.4"),
            "add up to 0.9, not to 1",
        ),
        (("--tier", "medium:slots=1"), "--tier medium: there are simple, complex"),
        (("--tier", "simple:slots=1", "--tier", "simple:cost=1"), "is given twice"),
        (("--prompt-tokens", "5"), "need --rate"),
        ((*STATED, "--threshold", "3"), "--threshold needs the scores of the log"),
        (("--tier", "simple:share=1"), "known from the log; they need --rate"),
        (("--tier", "simple:decode=5"), "decode and prefill go together"),
        (("--rate", "0"), "0"),
        (("--rate", "nan"), "nan"),
        (("--utilisation", "1"), "0.95"),
        (("--since", "soon"), "use a number and h, d or w"),
    ],
)
def test_what_is_missing_or_wrong_is_asked_for(run, arguments, words):
    with pytest.raises(click.UsageError, match=words):
        run(*arguments, events=[])


def test_a_target_that_no_number_meets_is_a_failure(run):
    with pytest.raises(GearshiftError, match="simple: no number of deployments meets 5 s"):
        run(*STATED, "--p95-seconds", "5")


def test_the_log_is_planned_from(run):
    found = facts(run, events=busy_log())
    load = found["load"]
    assert load["source"] == "log"
    assert load["requests"] == 240
    assert load["rate"] == pytest.approx(0.2, rel=0.02)
    assert load["models"]["simple"]["decode"] == pytest.approx(100, rel=0.02)
    assert load["models"]["complex"]["decode"] == pytest.approx(20, rel=0.02)
    [plan] = found["plans"]
    assert plan["threshold"] == 3.0
    assert plan["tiers"]["simple"]["rate"] == pytest.approx(0.1, rel=0.02)
    assert plan["tiers"]["complex"]["seconds_alone"] == pytest.approx(5.1, rel=0.1)
    assert found["recommended"]["threshold"] == 3.0


def test_the_log_is_told_in_words(run):
    said = run("--growth", "2", events=busy_log(streamed=True))
    assert "UTC, x 2; 240 requests, 0.201/s on average" in said
    assert "0 % answered by the cache" in said
    assert "fitted to 120 answers, median error" in said
    assert "threshold 3\n" in said
    assert "requests hardly overlapped" in said
    assert "`gearshift tune` can guarantee none yet" in said


def test_a_threshold_without_guarantee_is_shown_and_not_recommended(run):
    found = facts(run, "--threshold", "6", "--growth", "50", events=busy_log())
    now, other = found["plans"]
    assert (now["threshold"], now["may_be_recommended"]) == (3.0, True)
    assert (other["threshold"], other["may_be_recommended"]) == (6.0, False)
    assert set(other["tiers"]) == {"simple"}
    assert other["deployments"] < now["deployments"]
    assert found["recommended"]["threshold"] == 3.0
    assert "threshold 6: not guaranteed by `tune`" in run("--threshold", "6", events=busy_log())


def test_a_threshold_that_tune_guarantees_is_recommended_where_it_is_cheaper(run):
    costs = ("--tier", "simple:cost=1", "--tier", "complex:cost=5")
    events = busy_log()
    found = facts(
        run, "--growth", "50", *costs, events=events, judged=lambda score: float(score < 5)
    )
    now, guaranteed = found["plans"]
    assert 4 < guaranteed["threshold"] <= 5.5
    assert guaranteed["may_be_recommended"]
    assert guaranteed["cost_per_hour"] < now["cost_per_hour"]
    assert found["recommended"]["threshold"] == guaranteed["threshold"]
    assert found["recommended"]["by"] == "the least money per hour"


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], "has 0 requests for the tiers in the last 7d, and 100 are needed.*--rate"),
        (busy_log(50), "has 50 requests"),
        (busy_log(every=0.01), "less than a minute apart"),
        (busy_log(status=502), "simple: fewer than 30 answers .* --tier simple:decode="),
    ],
)
def test_a_log_that_says_too_little_is_told(run, events, words):
    with pytest.raises(GearshiftError, match=words):
        run(events=events)


def test_a_log_that_is_off_cannot_be_planned_from(run):
    with pytest.raises(GearshiftError, match="decision log is off"):
        run(more="decision_log: {enabled: false}\n")


def test_a_bad_configuration_is_told(run):
    with pytest.raises(ConfigError, match="nothing"):
        run(more="nothing: 1\n")


def test_without_simpy_it_is_said_before_anything_is_read(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "simpy", None)
    with pytest.raises(MissingExtraError, match=r'pip install "gearshift\[plan\]"'):
        run(events=[])
