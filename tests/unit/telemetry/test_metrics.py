"""What Prometheus sees of finished requests, and of the state at a scrape."""

import asyncio
import os
import subprocess
import sys

import pytest
from prometheus_client.multiprocess import mark_process_dead

from gearshift.telemetry.batch import Batch
from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.events import RequestFinished
from gearshift.telemetry.gauges import ModelState
from gearshift.telemetry.metrics import Metrics
from gearshift.types import CacheResult, CacheUse, Cause, Decision, Usage

DECISION = Decision(
    id="dec-1", time=1.0, tier="simple", model="small", upstream="u", provider="openai", score=1.5,
    factors={"code": 1.0}, contributions={"code": 1.5}, reason="why", cause=Cause.SCORED,
    scorer="rule", scorer_version="1", threshold=3.0, config_hash="h",
)  # fmt: skip
EVENT = RequestFinished(
    decision=DECISION, dialect="openai", status=200, streamed=True, duration_seconds=1.0,
    first_token_seconds=0.5, overhead_seconds=0.001, scoring_seconds=0.0001, usage=Usage(3, 4),
)  # fmt: skip
FELL_BACK = EVENT._replace(
    decision=DECISION._replace(tier="complex", fallback="simple->complex", cause=Cause.FALLBACK),
    attempts=(("u/small", "unreachable"),),
)

WORKER = """
import sys
from gearshift.telemetry.metrics import Metrics
metrics = Metrics()
metrics.watch_in_flight(lambda: int(sys.argv[1]))
print(metrics.exposition()[1].decode())
"""


def exposed(metrics):
    return metrics.exposition()[1].decode()


def test_metrics_add_up():
    metrics = Metrics()
    metrics.observe([EVENT, EVENT, FELL_BACK, EVENT._replace(load_seconds=2.0, usage=None)])
    metrics.refused("ollama", 400)
    text = exposed(metrics)
    for line in (
        'gearshift_requests_total{cause="scored",dialect="openai",model="small",status="200",'
        'tier="simple",upstream="u"} 3.0',
        'gearshift_fallbacks_total{cause="unreachable",from="simple",to="complex"} 1.0',
        'gearshift_tokens_total{direction="output",model="small",tier="simple"} 8.0',
        "gearshift_model_loads_total 1.0",
        "gearshift_score_count 4.0",
        'gearshift_requests_total{cause="",dialect="ollama",model="",status="400"',
    ):
        assert line in text


def test_state_is_asked_for_at_the_scrape():
    metrics = Metrics()
    states = [ModelState("u", "m", is_up=True, is_resident=None)]
    metrics.watch(lambda: states)
    assert 'gearshift_upstream_up{model="m",upstream="u"} 1.0' in exposed(metrics)
    states[0] = ModelState("u", "m", is_up=False, is_resident=True)
    text = exposed(metrics)
    assert 'gearshift_upstream_up{model="m",upstream="u"} 0.0' in text
    assert 'gearshift_model_resident{model="m",upstream="u"} 1.0' in text


async def test_what_sinks_and_standard_error_lose_is_counted():
    metrics = Metrics()

    def broken(events):
        raise RuntimeError("gone")

    batch = Batch(broken, metrics.observe, failed=metrics.sink_failed)
    batch.add(EVENT)
    await asyncio.sleep(0)
    metrics.lines_lost(3)
    metrics.log_given_up()
    text = metrics.exposition()[1].decode()
    assert "gearshift_sink_failures_total{" in text
    assert "gearshift_log_lines_lost_total 3.0" in text
    assert "gearshift_decision_log_given_up_total 1.0" in text
    assert 'status="200",tier="simple",upstream="u"} 1.0' in text


def accounted(largest=("u", "large")):
    sizes = {"small": 1e9, "large": 10e9}
    metrics = Metrics()
    metrics.account(Accounting(lambda upstream, model: sizes.get(model), lambda: largest))
    return metrics


def value(metrics, name):
    lines = exposed(metrics).splitlines()
    found = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")]
    return float(found[0]) if found else None


def test_compute_is_charged_to_its_tier_and_what_is_not_spent_is_saved():
    metrics = accounted()
    metrics.observe([EVENT])
    flops = 2 * 1e9 * 7
    assert value(metrics, 'gearshift_compute_flops_total{tier="simple"}') == flops
    assert value(metrics, "gearshift_compute_saved_flops_total") == 9 * flops


def test_what_was_spent_beside_answers_is_made_up_for_before_anything_is_saved():
    metrics = accounted()
    flops = 2 * 1e9 * 7
    metrics.shadow_spent(10 * flops)
    metrics.observe([EVENT])
    assert value(metrics, 'gearshift_compute_flops_total{tier="shadow"}') == 10 * flops
    assert value(metrics, "gearshift_compute_saved_flops_total") == 0
    metrics.observe([EVENT])
    assert value(metrics, "gearshift_compute_saved_flops_total") == 2 * 9 * flops - 10 * flops


def test_models_of_unknown_size_are_not_charged():
    metrics = accounted(largest=("u", "unknown"))
    metrics.observe([EVENT])
    assert value(metrics, "gearshift_compute_saved_flops_total") == 0
    assert 'gearshift_compute_flops_total{tier="simple"}' not in exposed(metrics)


def test_nothing_is_counted_twice_however_often_it_is_scraped():
    metrics = accounted()
    metrics.observe([EVENT])
    assert exposed(metrics) == exposed(metrics)


@pytest.mark.parametrize(("seconds", "loads"), [(None, 0), (0.5, 0), (0.51, 1)])
def test_a_short_pause_is_no_load_of_a_model(seconds, loads):
    metrics = Metrics()
    metrics.observe([EVENT._replace(load_seconds=seconds)])
    assert value(metrics, "gearshift_model_loads_total") == loads


def test_a_fallback_without_a_failed_attempt_is_counted_by_its_cause():
    metrics = Metrics()
    metrics.observe([FELL_BACK._replace(attempts=())])
    labels = '{cause="fallback",from="simple",to="complex"}'
    assert value(metrics, f"gearshift_fallbacks_total{labels}") == 1


def test_what_was_not_scored_is_no_score():
    metrics = Metrics()
    metrics.observe([EVENT._replace(decision=DECISION._replace(score=None))])
    assert value(metrics, "gearshift_score_count") == 0
    assert value(metrics, "gearshift_scoring_seconds_count") == 0
    assert value(metrics, "gearshift_overhead_seconds_count") == 1


def test_measuring_quality_is_counted_too():
    metrics = Metrics()
    metrics.judged("loss")
    metrics.judged("loss")
    metrics.shadow_sent()
    metrics.shadow_skipped("busy")
    metrics.log_dropped(5)
    assert value(metrics, 'gearshift_quality_judgements_total{verdict="loss"}') == 2
    assert value(metrics, "gearshift_shadow_requests_total") == 1
    assert value(metrics, 'gearshift_shadow_skipped_total{reason="busy"}') == 1
    assert value(metrics, "gearshift_decision_log_dropped_total") == 5


def test_every_alarm_has_its_gauge_and_those_that_last_show_it():
    metrics = Metrics()
    lasting = ["drift"]
    metrics.watch_alarms(lambda: lasting, ["quality", "drift"])
    assert value(metrics, 'gearshift_alarm{name="drift"}') == 1
    assert value(metrics, 'gearshift_alarm{name="quality"}') == 0
    lasting.clear()
    assert value(metrics, 'gearshift_alarm{name="drift"}') == 0


def test_among_workers_state_is_told_by_whoever_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    metrics = Metrics()
    metrics.watch(lambda: [ModelState("u", "m", is_up=True, is_resident=None)])
    assert value(metrics, 'gearshift_upstream_up{model="m",upstream="u"}') == 1


def test_requests_in_flight_are_counted_at_the_scrape():
    metrics = Metrics()
    counts = [3]
    metrics.watch_in_flight(lambda: counts[0])
    assert value(metrics, "gearshift_requests_in_flight") == 3
    counts[0] = 0
    assert value(metrics, "gearshift_requests_in_flight") == 0


def test_shared_state_is_told_where_there_is_any():
    metrics = Metrics()
    is_available: list[bool | None] = [None]
    metrics.watch_shared_state(lambda: is_available[-1])
    assert "shared_state" not in exposed(metrics)
    for told in (True, False):
        is_available.append(told)
        assert value(metrics, "gearshift_shared_state_available") == told


def test_requests_in_flight_are_those_of_all_workers_that_run(tmp_path):
    def worker(count: int) -> tuple[int, list[str]]:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(count)],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        told, _ = process.communicate(timeout=60)
        return process.pid, [line for line in told.splitlines() if "requests_in_flight " in line]

    first, _ = worker(2)
    second, told = worker(3)
    assert told[-1] == "gearshift_requests_in_flight 5.0"
    for pid in (first, second):
        mark_process_dead(pid, str(tmp_path))
    assert worker(1)[1][-1] == "gearshift_requests_in_flight 1.0"


def test_prometheus_is_told_the_type_of_the_text():
    kind, text = Metrics().exposition()
    assert kind.startswith("text/plain; version=")
    assert b"# TYPE gearshift_requests_total counter" in text


def test_what_the_cache_did_is_counted_where_there_is_one():
    metrics = Metrics()
    uses = [CacheUse("memory", how) for how in (CacheResult.HIT, CacheResult.MISS, CacheResult.HIT)]
    metrics.observe([EVENT._replace(cache=use) for use in (*uses, None)])
    counted = [line for line in exposed(metrics).splitlines() if "cache_requests_total{" in line]
    assert counted == [
        'gearshift_cache_requests_total{level="memory",result="hit"} 2.0',
        'gearshift_cache_requests_total{level="memory",result="miss"} 1.0',
    ]


def test_changes_of_models_are_counted_by_their_end():
    metrics = Metrics()
    metrics.model_changed("pull", "done")
    metrics.model_changed("pull", "done")
    metrics.model_changed("delete", "failed")
    text = metrics.exposition()[1].decode()
    assert 'gearshift_model_changes_total{operation="pull",result="done"} 2.0' in text
    assert 'gearshift_model_changes_total{operation="delete",result="failed"} 1.0' in text


def test_a_hit_tells_what_it_saved_and_nothing_of_how_quick_its_deployment_is():
    metrics = accounted()
    hit = CacheUse("memory", CacheResult.HIT)
    metrics.observe([EVENT._replace(cache=hit, usage=Usage(), saved=Usage(3, 4, 1))])
    labels = 'model="small",tier="simple"'
    assert value(metrics, f'gearshift_cache_saved_tokens_total{{direction="input",{labels}}}') == 3
    assert value(metrics, f'gearshift_cache_saved_tokens_total{{direction="output",{labels}}}') == 4
    assert value(metrics, 'gearshift_cache_saved_flops_total{tier="simple"}') == 2 * 1e9 * 6
    assert value(metrics, 'gearshift_compute_flops_total{tier="simple"}') == 0
    assert value(metrics, "gearshift_compute_saved_flops_total") == 0
    counts = [line for line in exposed(metrics).splitlines() if "seconds_count{" in line]
    assert {line.rpartition(" ")[2] for line in counts} == {"0.0"}
