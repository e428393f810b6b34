"""`gearshift replay`: what another threshold, or scorer, would have done."""

import json
import time

import click
import pytest
from click.testing import CliRunner
from tests.fakes.exported import exported, written
from tests.fakes.finished import finished
from tests.fakes.logs import log_in

from gearshift.cli.replay import command
from gearshift.decision_log.database import open_database
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.errors import GearshiftError
from gearshift.types import Usage


def scored(score, tokens=100, **more):
    event = finished(usage=Usage(tokens, 0, 0), prompt=f"prompt {score}", **more)
    return event._replace(decision=event.decision._replace(score=score))


@pytest.fixture
def log(tmp_path):
    """Fills a log, and runs the command on it."""
    config = tmp_path / "x.yaml"

    def fill(events, *, judged=None, **options):
        url = log_in(tmp_path, events, **options)
        config.write_text(f"decision_log: {{url: '{url}'}}\n")
        if judged is not None:
            engine = open_database(url)
            with engine.begin() as connection:
                for event in events:
                    weak = judged(event.decision.score)
                    row = JudgementRow(event.decision.id, 1e9, "model", "tie", weak, 1.0, 1.0)
                    insert_judgement(connection, row)
            engine.dispose()

        def run(*arguments):
            asked = ["--config", str(config), *arguments]
            result = CliRunner().invoke(command, asked, standalone_mode=False)
            if result.exception is not None:
                raise result.exception
            return result.stdout

        return run

    return fill


def facts(run, *arguments):
    return json.loads(run(*arguments, "--json"))


def test_shares_and_compute_are_counted(log):
    run = log([scored(1.0), scored(4.0, 300), scored(8.0)])
    found = facts(run, "--threshold", "5")
    assert (found["threshold"], found["threshold_now"], found["n"]) == (5, 3, 3)
    assert found["share_simple"] == pytest.approx(2 / 3)
    assert found["share_moved"] == pytest.approx(1 / 3)
    assert found["compute_saved"] == pytest.approx((1 - 2.614 / 7.248) * 400 / 500)
    assert found["quality"]["estimate"] is None


def test_it_is_said_in_words_too(log):
    said = log([scored(1.0), scored(4.0)])("--threshold", "5").splitlines()
    assert said[0] == "threshold     5 (now 3)"
    assert said[1].startswith("to the small  100 % of 2 scored requests; 50 % would have gone")
    assert "saved against always-complex on the same tokens" in said[2]
    assert "no support: 0 requests have both answers judged" in said[3]


def test_quality_is_estimated_from_judged_pairs(log):
    events = [scored(number % 10 + 0.5) for number in range(200)]
    run = log(events, judged=lambda score: float(score < 5))
    low, high = (facts(run, "--threshold", value)["quality"] for value in ("1", "9"))
    assert low["method"] == high["method"] == "direct"
    assert low["estimate"] > high["estimate"]
    assert high["ci"][0] < high["estimate"] < high["ci"][1]
    assert "judged)" in run("--threshold", "9").splitlines()[-1]


def test_a_span_bounds_what_is_counted(log):
    run = log([scored(1.0), scored(1.0, time=time.time() - 8 * 3600)])
    assert facts(run, "--threshold", "5", "--since", "6h")["n"] == 1
    assert facts(run, "--threshold", "5", "--since", "1d")["n"] == 2


def test_another_scorer_reads_what_was_kept(log):
    events = [scored(9.0), scored(9.5)]
    found = facts(log(events, with_prompts=True), "--scorer", "rule")
    assert (found["n"], found["share_simple"], found["share_moved"]) == (2, 1.0, 1.0)


def test_without_prompts_another_scorer_has_nothing_to_read(log):
    with pytest.raises(GearshiftError, match=r"set decision_log\.store_prompts to store them"):
        log([scored(9.0)])("--scorer", "rule")


def test_without_requests_there_is_nothing_to_replay(log):
    with pytest.raises(GearshiftError, match="no scored requests; send some first"):
        log([])("--threshold", "5")


@pytest.mark.parametrize("arguments", [(), ("--threshold", "11"), ("--threshold", "x")])
def test_a_question_is_needed(log, arguments):
    with pytest.raises(click.UsageError):
        log([scored(1.0)])(*arguments)


@pytest.fixture(scope="module")
def exported_log(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("exported"), 300)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--threshold", "2"),
        ("--threshold", "7.5", "--since", "3d"),
        ("--threshold", "4", "--scorer", "rule"),
    ],
)
def test_exported_files_say_the_same_to_the_last_digit(exported_log, arguments):
    config, out = exported_log
    asked = [*arguments, "--config", str(config), "--json"]
    log, files = (
        CliRunner().invoke(command, [*asked, *more]).stdout for more in ((), ("--from", str(out)))
    )
    assert json.loads(log)["n"] > 50
    assert json.loads(log)["quality"]["estimate"] is not None
    assert files == log


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--threshold", "5"), "empty: there are no decisions: "),
        (("--threshold", "5", "--from", "x/none.parquet"), "there is no such file or folder"),
    ],
)
def test_files_that_are_not_there_are_said(tmp_path, arguments, said):
    (tmp_path / "empty").mkdir()
    source = () if "--from" in arguments else ("--from", str(tmp_path / "empty"))
    with pytest.raises(GearshiftError, match=said):
        CliRunner().invoke(
            command, [*arguments, *source], standalone_mode=False, catch_exceptions=False
        )


def test_files_without_scored_requests_are_said(tmp_path):
    rows = [{"id": "a", "time": 1.0, "score": None, "threshold": 3.0}]
    file = str(written(tmp_path / "decisions.parquet", rows))
    for more, said in (((), "has no scored requests$"), (("--scorer", "rule"), "has no prompts")):
        with pytest.raises(GearshiftError, match=rf"decisions\.parquet {said}"):
            CliRunner().invoke(
                command,
                ["--threshold", "5", "--from", file, *more],
                standalone_mode=False,
                catch_exceptions=False,
            )
