"""`gearshift stats`: what the log adds up to."""

import json
import time

import click
import pytest
from click.testing import CliRunner
from tests.fakes.finished import decision, finished
from tests.fakes.logs import log_in

from gearshift.cli import stats as stats_module
from gearshift.cli.stats import command, hours_of, sparkline
from gearshift.decision_log.database import open_database
from gearshift.decision_log.lease import Lease
from gearshift.types import CacheResult, CacheUse, Usage


@pytest.fixture
def filled(url, writers):
    writer = writers(url)
    writer.add([finished(seconds=0.1 * number) for number in range(1, 101)])
    writer.add([finished("complex", seconds=2.0, fallback="simple->complex") for _ in range(50)])
    writer.add([finished(time=time.time() - 30 * 3_600) for _ in range(7)])
    writer.stop()
    return url


def test_the_command_tells_them(filled, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text(f"decision_log: {{url: '{filled}'}}\n")
    result = CliRunner().invoke(command, ["--config", str(config)])
    assert result.exit_code == 0, result.output
    assert "saved against always-complex" in result.output
    assert "simple   100" in result.output
    result = CliRunner().invoke(command, ["--config", str(config), "--json", "--since=7d"])
    facts = json.loads(result.stdout)
    assert facts["requests"] == 157
    assert facts["owner"] is None
    engine = open_database(filled)
    assert Lease("pod-7:1").take(engine)
    engine.dispose()
    result = CliRunner().invoke(command, ["--config", str(config), "--json"])
    assert json.loads(result.stdout)["owner"] == "pod-7:1"
    result = CliRunner().invoke(command, ["--config", str(config)])
    assert "looked after (retention, alarms, tuning) by pod-7:1\n" in result.output
    wanted = {"requests", "by_tier", "simple_tier_percentage", "fallbacks", "compute", "quality"}
    assert wanted | {"latency_seconds"} <= set(facts)


def test_an_empty_log_says_what_to_do(url, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text(f"decision_log: {{url: '{url}'}}\n")
    result = CliRunner().invoke(command, ["--config", str(config)])
    assert "send some through the gateway" in result.output
    config.write_text("decision_log: {enabled: false}\n")
    assert "is off" in str(CliRunner().invoke(command, ["--config", str(config)]).exception)
    result = CliRunner().invoke(command, ["--since", "yesterday"])
    assert result.exit_code == 2


def test_a_sparkline_shows_the_last_values():
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == ""
    assert sparkline([1, 2, 4, 8]) == "▂▃▄█" or len(sparkline([1, 2, 4, 8])) == 4
    assert len(sparkline([1.0] * 500)) == 72


@pytest.mark.parametrize(("text", "hours"), [("1h", 1), ("6h", 6), ("7d", 168), ("4w", 672)])
def test_a_span_is_a_number_and_a_unit(text, hours):
    assert hours_of(text) == hours


@pytest.mark.parametrize("text", ["", "0h", "24", "h", "1m", "-1h", "1 h", "1.5h", "24H"])
def test_what_is_no_span(text):
    with pytest.raises(click.UsageError, match="use a number and h, d or w"):
        hours_of(text)


@pytest.fixture
def stats(tmp_path):
    def run(events, *, more=""):
        config = tmp_path / "x.yaml"
        url = log_in(tmp_path, events)
        config.write_text(f"decision_log: {{url: '{url}'}}\n{more}")
        result = CliRunner().invoke(command, ["--config", str(config)])
        assert result.exit_code == 0, result.output
        return result.output

    return run


TIERS = ("simple", "complex")


def test_each_tier_has_its_line(stats):
    said = stats([finished(), finished(), finished(), finished("complex")]).splitlines()
    assert said[0].startswith("requests, last 24h")
    simple, complex_ = (next(line for line in said if line.startswith(t)) for t in TIERS)
    assert simple.split()[:5] == ["simple", "3", "75", "%", "2.5"]
    assert complex_.split()[:5] == ["complex", "1", "25", "%", "5.0"]
    assert "failures 0, fallbacks 0" in said


def test_what_is_not_known_of_compute_is_said(stats):
    assert "compute: unknown" in stats([finished(usage=None)])
    said = stats([finished(), finished(usage=None)])
    assert "1 requests are not included: tokens or sizes unknown" in said


def test_money_is_told_with_what_was_counted_as_free(stats):
    prices = """prices:
  currency: EUR
  per_million_tokens:
    "mistral:7b-instruct": {input: 10, output: 20}
"""
    said = stats([finished(), finished("complex")], more=prices)
    assert "money:   0.002 EUR spent; 50 % saved against always-complex" in said
    assert "counted as free: gemma2:2b" in said
    assert "money" not in stats([finished()])


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.25, "25 % saved against"), (0.0, "0 % saved against"), (-0.5, "50 % more than")],
)
def test_what_was_spent_beyond_is_no_saving(share, words):
    assert stats_module._against(share) == words


@pytest.mark.parametrize(
    ("flops", "text"),
    [(0.0, "0 FLOP"), (999.0, "999 FLOP"), (1000.0, "1 kFLOP"), (2.5e12, "2.5 TFLOP")],
)
def test_compute_in_words(flops, text):
    assert stats_module._flops(flops) == text


def test_embeddings_have_a_line_of_their_own(stats):
    line = "embeddings: 2 requests, 0 failures, 200 tokens"
    said = stats([finished(), *[finished("embeddings") for _ in range(2)]])
    assert line in said
    assert "simple  1         100 %" in said
    alone = stats([finished("embeddings")])
    assert "no chats in the last 24h" in alone
    assert "embeddings" not in stats([finished()])


def test_the_cache_has_a_line_where_there_is_one(stats):
    hit = CacheUse("memory", CacheResult.HIT)
    answered = finished(cache=CacheUse("memory", CacheResult.MISS))
    again = finished(cache=hit, usage=Usage(), saved=Usage(100, 50))
    said = stats([answered, again, again._replace(decision=decision()), finished()])
    assert "cache:   2 hits, 50 % of the requests and 67 % of those it may answer" in said
    assert "saved 300 tokens, 1.57 TFLOP" in said
    assert "cache:" not in stats([finished()])
