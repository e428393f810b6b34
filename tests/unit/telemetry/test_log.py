"""What the log of requests tells of a finished one, and what it does not."""

import json

import pytest

from gearshift.telemetry.events import RequestFinished
from gearshift.telemetry.log import RequestLog
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
