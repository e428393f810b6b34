import json
import time

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from tests.fakes.finished import finished

from gearshift.cli.stats import command, sparkline
from gearshift.decision_log.database import open_database
from gearshift.decision_log.retention import Retention
from gearshift.decision_log.rows import bucket_of, seconds_of
from gearshift.decision_log.schema import DECISIONS, HOURS
from gearshift.decision_log.summary import summarise

NOW_HOUR = int(time.time() // 3_600)


@pytest.fixture
def filled(url, writers):
    writer = writers(url)
    writer.add([finished(seconds=0.1 * number) for number in range(1, 101)])
    writer.add([finished("complex", seconds=2.0, fallback="simple->complex") for _ in range(50)])
    writer.add([finished(time=time.time() - 30 * 3_600) for _ in range(7)])
    writer.stop()
    return url


@pytest.mark.parametrize("seconds", [0.0001, 0.01, 0.5, 1.0, 3.3, 120.0, 600.0])
def test_a_time_comes_back_at_most_6_percent_off(seconds):
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.065)


def test_the_facts_of_a_span(filled):
    engine = open_database(filled)
    summary = summarise(engine, NOW_HOUR - 23)
    assert len(summarise(engine, 0).by_hour("requests")) > 24
    engine.dispose()
    facts = summary.to_json("simple")
    assert facts["requests"] == 150
    assert facts["by_tier"] == {"simple": 100, "complex": 50}
    assert facts["simple_tier_percentage"] == pytest.approx(100 * 100 / 150)
    assert facts["fallbacks"] == 50
    assert facts["latency_seconds"]["simple"]["p50"] == pytest.approx(5.0, rel=0.08)
    assert facts["latency_seconds"]["simple"]["p99"] == pytest.approx(9.9, rel=0.08)
    compute = facts["compute"]
    assert compute["baseline"] == "always-complex"
    assert compute["saved_flops"] == pytest.approx(2 * (7.248e9 - 2.614e9) * 130 * 100)
    assert compute["saved_share"] == pytest.approx(
        compute["saved_flops"] / compute["baseline_flops"]
    )


def test_what_failed_and_what_was_loaded_is_charged_to_us(url, writers):
    writer = writers(url)
    each = 2 * 130
    writer.add([finished(seconds=4.0, load_seconds=3.0)])
    writer.add([finished("complex", attempts=(("local/gemma2:2b", "timeout"),))])
    writer.stop()
    engine = open_database(url)
    facts = summarise(engine, 0).to_json("simple")
    engine.dispose()
    compute = facts["compute"]
    assert compute["swap_flops"] == pytest.approx(3 * each * 2.614e9)
    assert compute["failed_flops"] == pytest.approx(2 * 80 * 2.614e9)
    answers = each * (2.614e9 + 7.248e9)
    beside = compute["swap_flops"] + compute["failed_flops"]
    assert compute["used_flops"] == pytest.approx(answers + beside)
    assert compute["baseline_flops"] == pytest.approx(2 * each * 7.248e9)
    assert set(facts["by_tier"]) == {"simple", "complex"}
    assert facts["requests"] == 2


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


def decisions(engine):
    with engine.connect() as connection:
        return connection.execute(select(DECISIONS.c.time)).scalars().all()


def test_old_decisions_go_and_sums_stay_longer(filled):
    engine = open_database(filled)
    retention = Retention(days=1, megabytes=1000)
    assert retention.apply(engine) == 7
    assert len(decisions(engine)) == 150
    assert retention.apply(engine) == 0  # at most once a minute
    with engine.connect() as connection:
        assert len(connection.execute(select(HOURS)).all()) == 3
    assert Retention(1, 1000).apply(engine, time.time() + 20 * 86_400) == 150
    with engine.connect() as connection:
        assert connection.execute(select(HOURS)).all() == []
    engine.dispose()


def test_above_its_size_the_oldest_go(url, writers):
    writer = writers(url, with_prompts=True)
    start = time.time() - 5_000
    writer.add([finished(time=start + number, prompt="x" * 900) for number in range(5_000)])
    writer.stop()
    engine = open_database(url)
    assert Retention(30, 1.5).apply(engine) >= 2_000
    left = decisions(engine)
    assert len(left) < 5_000
    assert not left or min(left) > start + 1_500
    engine.dispose()


def test_a_sparkline_shows_the_last_values():
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == ""
    assert sparkline([1, 2, 4, 8]) == "▂▃▄█" or len(sparkline([1, 2, 4, 8])) == 4
    assert len(sparkline([1.0] * 500)) == 72
