"""What is told of a finished request, and what is not."""

import asyncio
import json

import pytest

from gearshift.telemetry.batch import Batch
from gearshift.telemetry.events import RequestFinished
from gearshift.telemetry.log import RequestLog
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


def record(event, *, scores=True, decisions=True):
    lines: list[bytes] = []
    RequestLog(lines.append, scores=scores, decisions=decisions).write([event])
    return json.loads(lines[0]) if lines else None


def test_one_record_a_request():
    told = record(EVENT)
    assert told["event"] == "request"
    assert (told["tier"], told["model"], told["score"]) == ("simple", "small", 1.5)
    assert (told["prompt_tokens"], told["completion_tokens"]) == (3, 4)
    assert "prompt" not in told


def test_a_client_is_told_by_the_name_of_its_key():
    assert record(EVENT._replace(client="app"), decisions=False)["key"] == "app"
    assert "key" not in record(EVENT)


@pytest.mark.parametrize(
    ("switch", "absent"), [({"scores": False}, "score"), ({"decisions": False}, "tier")]
)
def test_settings_say_what_is_told(switch, absent):
    assert absent not in record(EVENT, **switch)


def test_with_both_off_only_failures_are_told():
    assert record(EVENT, scores=False, decisions=False) is None
    failed = EVENT._replace(status=502, fault="unreachable")
    assert record(failed, scores=False, decisions=False)["fault"] == "unreachable"


def test_a_fallback_and_a_prompt_that_a_setting_asks_for():
    told = record(FELL_BACK._replace(prompt="words"))
    assert told["fallback"] == "simple->complex"
    assert told["failed"] == [["u/small", "unreachable"]]
    assert told["prompt"] == "words"


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


async def test_a_batch_tells_together_what_one_turn_of_the_loop_finished():
    told: list[list[int]] = []
    batch = Batch(lambda events: told.append([event.status for event in events]))
    batch.add(EVENT)
    batch.add(EVENT._replace(status=499))
    assert told == []
    await asyncio.sleep(0)
    assert told == [[200, 499]]
    batch.add(EVENT)
    batch.flush()
    await asyncio.sleep(0)
    assert told == [[200, 499], [200]]


def test_state_is_asked_for_at_the_scrape():
    metrics = Metrics()
    states = [ModelState("u", "m", is_up=True, is_resident=None)]
    metrics.watch(lambda: states)
    assert 'gearshift_upstream_up{model="m",upstream="u"} 1.0' in exposed(metrics)
    states[0] = ModelState("u", "m", is_up=False, is_resident=True)
    text = exposed(metrics)
    assert 'gearshift_upstream_up{model="m",upstream="u"} 0.0' in text
    assert 'gearshift_model_resident{model="m",upstream="u"} 1.0' in text


async def test_a_sink_that_raises_harms_no_other_and_is_said_once_for_each_kind(caplog):
    first, last, failed = [], [], []
    errors = [OSError("gone"), OSError("gone"), ValueError("odd"), OSError("gone")]

    def broken(events):
        first.append(len(events))
        raise errors[len(first) - 1]

    batch = Batch(broken, lambda events: last.extend(events), failed=failed.append)
    for _ in errors:
        batch.add(EVENT)
        batch.add(EVENT)
        await asyncio.sleep(0)
    assert first == [2] * 4
    assert len(last) == 8
    assert len(failed) == 4
    assert "broken" in failed[0]
    assert [record.message.split()[0] for record in caplog.records] == ["OSError", "ValueError"]


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
