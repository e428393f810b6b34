"""A verdict finds its decision though it comes early, and never more than so many wait."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from gearshift.decision_log.database import DecisionLogError
from gearshift.errors import RequestError
from gearshift.gateway import inbox
from gearshift.gateway.endpoints.feedback import give
from gearshift.gateway.inbox import Inbox
from gearshift.http.values import HttpRequest


class Log:
    """Knows a decision after so many questions."""

    def __init__(self, known_after=0, error=None):
        self.known_after = known_after
        self.error = error
        self.given = []
        self.may_go = threading.Event()
        self.may_go.set()

    def give(self, *verdict):
        self.may_go.wait(10)
        self.given.append(verdict)
        if self.error is not None:
            raise self.error
        return len(self.given) > self.known_after


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(inbox, "_BETWEEN_SECONDS", 0)


def post(log, body):
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    gateway: Any = SimpleNamespace(feedback=None if log is None else Inbox(log))
    return give(gateway, HttpRequest("POST", "/v1/feedback", {}, raw))


GOOD = {"decision_id": "dec-1", "verdict": "good"}


async def test_a_verdict_is_kept_with_its_comment():
    log = Log()
    answer = await post(log, {**GOOD, "comment": "short and right", "rating": 5})
    assert answer.status == 202
    assert orjson.loads(answer.body) == GOOD
    assert log.given == [("dec-1", "good", "short and right")]


async def test_a_decision_that_is_just_being_written_is_looked_for_again():
    log = Log(known_after=2)
    assert (await post(log, GOOD)).status == 202
    assert len(log.given) == 3


async def test_but_not_for_ever():
    log = Log(known_after=1000)
    with pytest.raises(RequestError) as caught:
        await post(log, GOOD)
    assert (caught.value.status, caught.value.code) == (404, "unknown_decision")
    assert caught.value.field == "decision_id"
    assert len(log.given) == 3


async def test_a_log_in_trouble_is_said_once_and_asks_for_patience():
    log = Log(error=DecisionLogError("the decision log cannot be written now"))
    with pytest.raises(RequestError) as caught:
        await post(log, GOOD)
    assert (caught.value.status, caught.value.code) == (503, "log_unavailable")
    assert caught.value.headers["Retry-After"]
    assert len(log.given) == 1


async def test_without_a_log_there_is_nowhere_to_keep_it():
    with pytest.raises(RequestError, match=r"decision_log\.enabled") as caught:
        await post(None, GOOD)
    assert caught.value.status == 404


async def test_only_so_many_wait_and_the_places_come_back():
    log: Any = Log()
    log.may_go.clear()
    inbox = Inbox(log)
    waiting = [asyncio.create_task(inbox.give(f"dec-{n}", "bad", None)) for n in range(64)]
    await asyncio.sleep(0)
    with pytest.raises(RequestError, match="64") as caught:
        await inbox.give("one too many", "bad", None)
    assert caught.value.status == 503
    assert caught.value.headers["Retry-After"]
    log.may_go.set()
    assert all(await asyncio.gather(*waiting))
    assert await inbox.give("now", "bad", None)


async def test_a_place_comes_back_after_a_failure_too():
    log: Any = Log(error=DecisionLogError("away"))
    inbox = Inbox(log)
    for _ in range(65):
        with pytest.raises(DecisionLogError):
            await inbox.give("dec-1", "good", None)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"decision_id": None}, "decision_id"),
        ({"decision_id": ""}, "decision_id"),
        ({"decision_id": "  "}, "decision_id"),
        ({"decision_id": 7}, "decision_id"),
        ({"decision_id": "x" * 41}, "decision_id"),
        ({"decision_id": "a\0b"}, "decision_id"),
        ({"verdict": None}, "verdict"),
        ({"verdict": "GOOD"}, "verdict"),
        ({"verdict": True}, "verdict"),
        ({"comment": 7}, "comment"),
        ({"comment": "x" * 2001}, "comment"),
        ({"comment": "a\0b"}, "comment"),
    ],
)
async def test_what_is_no_verdict_is_refused_by_the_name_of_its_field(changed, field):
    log = Log()
    with pytest.raises(RequestError) as caught:
        await post(log, GOOD | changed)
    assert (caught.value.status, caught.value.field) == (400, field)
    assert log.given == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"good"', b"null", b"\xff"])
async def test_what_is_no_object_is_refused(body):
    with pytest.raises(RequestError) as caught:
        await post(Log(), body)
    assert caught.value.status == 400


async def test_what_would_take_long_to_read_is_refused_at_once():
    with pytest.raises(RequestError) as caught:
        await post(Log(), b'{"a":[' + b"[]," * 200_000 + b"[]]}")
    assert caught.value.status == 413


async def test_the_longest_that_is_taken():
    log = Log()
    await post(log, {"decision_id": "d" * 40, "verdict": "bad", "comment": "c" * 2000})
    assert [len(part) for part in log.given[0]] == [40, 3, 2000]


@pytest.mark.parametrize("comment", [{}, {"comment": None}])
async def test_a_comment_may_be_missing(comment):
    log = Log()
    await post(log, GOOD | comment)
    assert log.given == [("dec-1", "good", None)]
