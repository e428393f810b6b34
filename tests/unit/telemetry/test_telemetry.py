"""What is told of a finished request, and what is not."""

import json
import logging
from dataclasses import replace

import pytest

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
FELL_BACK = replace(
    EVENT,
    decision=replace(DECISION, tier="complex", fallback="simple->complex", cause=Cause.FALLBACK),
    attempts=(("u/small", "unreachable"),),
)


def record(caplog, event, *, scores=True, decisions=True):
    with caplog.at_level(logging.INFO, logger="gearshift.requests"):
        RequestLog(scores=scores, decisions=decisions).write(event)
    return json.loads(caplog.messages[-1]) if caplog.messages else None


def test_one_record_a_request(caplog):
    told = record(caplog, EVENT)
    assert told["event"] == "request"
    assert (told["tier"], told["model"], told["score"]) == ("simple", "small", 1.5)
    assert (told["prompt_tokens"], told["completion_tokens"]) == (3, 4)
    assert "prompt" not in told


@pytest.mark.parametrize(
    ("switch", "absent"), [({"scores": False}, "score"), ({"decisions": False}, "tier")]
)
def test_settings_say_what_is_told(caplog, switch, absent):
    assert absent not in record(caplog, EVENT, **switch)


def test_with_both_off_only_failures_are_told(caplog):
    assert record(caplog, EVENT, scores=False, decisions=False) is None
    failed = replace(EVENT, status=502, fault="unreachable")
    assert record(caplog, failed, scores=False, decisions=False)["fault"] == "unreachable"


def test_a_fallback_and_a_prompt_that_a_setting_asks_for(caplog):
    told = record(caplog, replace(FELL_BACK, prompt="words"))
    assert told["fallback"] == "simple->complex"
    assert told["failed"] == [["u/small", "unreachable"]]
    assert told["prompt"] == "words"


def exposed(metrics):
    return metrics.exposition()[1].decode()


def test_metrics_add_up():
    metrics = Metrics()
    for event in (EVENT, EVENT, FELL_BACK, replace(EVENT, load_seconds=2.0, usage=None)):
        metrics.observe(event)
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
