"""What the log of requests tells of a finished one, and what it does not."""

import json

import pytest

from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.events import RequestFinished
from gearshift.telemetry.log import RequestLog
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


def test_a_record_holds_numbers_that_people_can_read():
    event = EVENT._replace(
        decision=DECISION._replace(time=1_700_000_000.123456, score=1.23456789),
        duration_seconds=1.23456,
        first_token_seconds=0.00456,
        overhead_seconds=0.0001234,
    )
    assert record(event) == {
        "event": "request",
        "time": 1_700_000_000.123,
        "id": "dec-1",
        "dialect": "openai",
        "status": 200,
        "streamed": True,
        "duration_ms": 1234.6,
        "overhead_us": 123,
        "first_token_ms": 4.6,
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "tier": "simple",
        "model": "small",
        "upstream": "u",
        "cause": "scored",
        "reason": "why",
        "score": 1.2346,
        "factors": {"code": 1.0},
    }


def test_what_is_not_known_is_left_out():
    event = EVENT._replace(
        decision=DECISION._replace(score=None), first_token_seconds=None, usage=None
    )
    told = record(event)
    for name in ("first_token_ms", "prompt_tokens", "score", "factors", "fault", "failed", "key"):
        assert name not in told


def test_lines_of_one_batch_go_out_at_once_and_of_none_not_at_all():
    written: list[bytes] = []
    log = RequestLog(written.append, scores=True, decisions=True)
    log.write([EVENT, FELL_BACK])
    log.write([])
    assert len(written) == 1
    assert [json.loads(line)["tier"] for line in written[0].splitlines()] == ["simple", "complex"]
    assert written[0].endswith(b"\n")
    assert written[0].count(b"\n") == 2


@pytest.mark.parametrize(("status", "is_told"), [(499, False), (500, True), (404, False)])
def test_with_both_off_a_clients_own_fault_is_no_failure(status, is_told):
    told = record(EVENT._replace(status=status), scores=False, decisions=False)
    assert (told is not None) is is_told


def test_what_the_cache_did_is_told_where_there_is_one():
    use = CacheUse("memory", CacheResult.HIT)
    assert record(EVENT._replace(cache=use))["cache"] == "hit"
    assert "cache" not in record(EVENT)


def test_a_hit_tells_what_it_saved():
    hit = EVENT._replace(
        cache=CacheUse("memory", CacheResult.HIT), usage=Usage(), saved=Usage(30, 4, 10)
    )
    told = record(hit)
    assert (told["prompt_tokens"], told["completion_tokens"]) == (0, 0)
    assert (told["saved_prompt_tokens"], told["saved_completion_tokens"]) == (30, 4)
    assert "saved_flops" not in told
    lines: list[bytes] = []
    sizes = Accounting(lambda *_: 1e9, lambda: ("u", "large"))
    RequestLog(lines.append, scores=True, decisions=True, accounting=sizes).write([hit])
    assert json.loads(lines[0])["saved_flops"] == 2e9 * 24


def test_what_nobody_waited_for_says_so():
    assert record(EVENT._replace(is_background=True))["background"] is True
    assert "background" not in record(EVENT)
