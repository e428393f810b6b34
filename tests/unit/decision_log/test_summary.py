"""The facts of a span of the log: requests, times, compute and what failed."""

import time

import pytest
from tests.fakes.finished import finished

from gearshift.decision_log.database import open_database
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
