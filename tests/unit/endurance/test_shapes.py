"""Only complete answers and well-formed errors are let through."""

from __future__ import annotations

import json

import pytest
from endurance.ledger import Ending
from endurance.shapes import ShapeError, judge
from endurance.traffic import Request

REPLIES = {"simple": "one two"}
HEADERS = {
    f"x-gearshift-{name}": "1"
    for name in ("decision-id", "upstream", "reason", "scorer", "threshold", "cache", "score")
} | {
    "x-gearshift-tier": "simple",
    "x-gearshift-model": "m",
    "x-gearshift-overhead-us": "5",
}


def event(text="", reason=None):
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return b"data: " + json.dumps({"model": "m", "choices": [choice]}).encode() + b"\n\n"


def line(text="", done=False):
    said = {"model": "m", "message": {"content": text}, "done": done}
    return json.dumps({**said, **({"done_reason": "stop"} if done else {})}).encode() + b"\n"


DONE = b"data: [DONE]\n\n"
ERROR = {"error": {"message": "it broke", "type": "x", "param": None, "code": None}}
SSE_ERROR = b"data: " + json.dumps(ERROR).encode() + b"\n\n"
LINE_ERROR = b'{"error": "it broke"}\n'


def judged(body, dialect="openai", *, streamed=True, status=200, refused_with=0, **headers):
    request = Request("[1-1-1]", dialect, "/", b"", streamed=streamed, refused_with=refused_with)
    kinds = {"openai": "text/event-stream", "ollama": "application/x-ndjson"}
    kind = kinds[dialect] if streamed and status == 200 else "application/json"
    return judge(request, status, {**HEADERS, "content-type": kind, **headers}, body, REPLIES)


@pytest.mark.parametrize(
    ("dialect", "body", "ending"),
    [
        ("openai", event("one") + event(" two") + event(reason="stop") + DONE, Ending.ANSWERED),
        ("openai", event("one") + SSE_ERROR, Ending.BROKEN_OFF),
        ("ollama", line("one two") + line(done=True), Ending.ANSWERED),
        ("ollama", line("one") + LINE_ERROR, Ending.BROKEN_OFF),
    ],
)
def test_streams_that_end_as_they_should(dialect, body, ending):
    assert judged(body, dialect) is ending


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("openai", b""),
        ("openai", event("one two") + event(reason="stop")),
        ("openai", event("one two") + DONE),
        ("openai", event("one") + event(reason="stop") + DONE),
        ("openai", event("one two") + event(reason="stop") + DONE + DONE),
        ("openai", event("one two") + event(reason="stop") + DONE + SSE_ERROR),
        ("openai", event("one two") + event(reason="stop") + DONE[:-1]),
        ("openai", event("three") + SSE_ERROR),
        ("openai", event("one") + SSE_ERROR + DONE),
        ("ollama", line("one two")),
        ("ollama", line("one two") + line(done=True) + line(done=True)),
        ("ollama", line("one") + LINE_ERROR + line(" two") + line(done=True)),
    ],
)
def test_streams_that_do_not(dialect, body):
    with pytest.raises(ShapeError):
        judged(body, dialect)


def test_an_answer_whose_header_is_missing():
    with pytest.raises(ShapeError):
        judged(event("one two") + event(reason="stop") + DONE, **{"x-gearshift-score": ""})


def test_errors_with_a_status():
    assert judged(json.dumps(ERROR).encode(), status=502) is Ending.ERROR
    body = b'{"error": "no such model"}'
    assert judged(body, "ollama", status=404, refused_with=404) is Ending.REFUSED


@pytest.mark.parametrize(
    ("dialect", "status", "body"),
    [
        ("openai", 502, b"Bad Gateway"),
        ("openai", 502, b'{"error": "text"}'),
        ("openai", 500, json.dumps(ERROR).encode()),
        ("openai", 503, json.dumps(ERROR).encode()),  # without Retry-After
        ("ollama", 502, json.dumps(ERROR).encode()),
    ],
)
def test_errors_that_are_not_well_formed(dialect, status, body):
    with pytest.raises(ShapeError):
        judged(body, dialect, status=status)
