"""What Prometheus sees of finished requests, and of the state at a scrape."""

import asyncio

from gearshift.telemetry.batch import Batch
from gearshift.telemetry.events import RequestFinished
from gearshift.telemetry.metrics import Metrics, ModelState
from gearshift.types import Cause, Decision, Usage

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
