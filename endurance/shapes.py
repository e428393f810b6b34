"""What a complete answer and a well-formed error look like, in each dialect, to the last byte."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from endurance.ledger import Ending
from endurance.traffic import Request

_ROUTED_HEADERS = (
    "x-gearshift-decision-id",
    "x-gearshift-tier",
    "x-gearshift-model",
    "x-gearshift-upstream",
    "x-gearshift-reason",
    "x-gearshift-scorer",
    "x-gearshift-threshold",
    "x-gearshift-cache",
    "x-gearshift-score",
    "x-gearshift-overhead-us",
)
_KINDS = {"openai": "text/event-stream", "ollama": "application/x-ndjson"}
# Every deployment failed, was busy, or was too slow. A 500 would be a defect.
_UPSTREAM_STATUSES = frozenset({429, 502, 503, 504})
Replies = Mapping[str, str]
"""What the model of each tier says when it says all of it."""


class ShapeError(Exception):
    """What came back is neither a complete answer nor a well-formed error."""


def judge(
    request: Request, status: int, headers: Mapping[str, str], body: bytes, replies: Replies
) -> Ending:
    """How a response ended that was read to its end.

    Raises:
        ShapeError: It is not well formed.
    """
    if status != 200:
        _check_error(request, status, headers, body)
        return Ending.REFUSED if request.refused_with else Ending.ERROR
    _require(not request.refused_with, f"answered, but {request.refused_with} was expected")
    missing = [name for name in _ROUTED_HEADERS if not headers.get(name)]
    _require(not missing, f"headers are missing: {missing}")
    reply = replies[headers["x-gearshift-tier"]]
    kind = _KINDS[request.dialect] if request.streamed else "application/json"
    said = headers.get("content-type", "").partition(";")[0]
    _require(said == kind, f"content-type {said!r}, expected {kind!r}")
    model = headers["x-gearshift-model"]
    if not request.streamed:
        _check_whole(request, _json(body), reply, model)
        return Ending.ANSWERED
    frames = _events(body) if request.dialect == "openai" else _lines(body)
    return _judge_stream(request, frames, reply, model)


def _check_error(request: Request, status: int, headers: Mapping[str, str], body: bytes) -> None:
    _check_error_body(request.dialect, _json(body))
    kind = headers.get("content-type", "").partition(";")[0]
    _require(kind == "application/json", f"an error with content-type {kind!r}")
    if request.refused_with:
        expected = frozenset({request.refused_with})
    elif request.is_too_long:
        expected = _UPSTREAM_STATUSES | {400}
    else:
        expected = _UPSTREAM_STATUSES
    _require(status in expected, f"status {status}, expected one of {sorted(expected)}")
    if status in (429, 503):
        seconds = headers.get("retry-after", "")
        _require(seconds.isdigit() and int(seconds) > 0, f"{status} with Retry-After {seconds!r}")


def _check_error_body(dialect: str, document: Any) -> None:
    _require(isinstance(document, dict), "an error that is no JSON object")
    error = document.get("error")
    if dialect == "ollama":
        _require(isinstance(error, str) and error != "", f"'error' is {error!r}, no text")
        return
    _require(isinstance(error, dict), f"'error' is {error!r}, no object")
    _require(bool(error.get("message")), "an error without a message")
    for key in ("type", "param", "code"):
        _require(key in error, f"an error without {key!r}")


def _check_whole(request: Request, document: Any, reply: str, model: str) -> None:
    _require(isinstance(document, dict), "an answer that is no JSON object")
    _require(document.get("model") == model, f"body says model {document.get('model')!r}")
    if request.dialect == "openai":
        (choice,) = document["choices"]
        text = choice["message"]["content"] if request.is_chat else choice["text"]
        reason = choice["finish_reason"]
    else:
        _require(document.get("done") is True, "an answer whose 'done' is not true")
        text = document["message"]["content"] if request.is_chat else document["response"]
        reason = document.get("done_reason")
    _check_text(request, text, reason, reply)


def _judge_stream(request: Request, frames: list[Any], reply: str, model: str) -> Ending:
    _require(bool(frames), "an empty stream")
    *before, last = frames
    if isinstance(last, dict) and "error" in last:
        _check_error_body(request.dialect, last)
        text, reasons = _read_frames(request, before, model)
        _require(not reasons, "an error after the answer had ended")
        _require(reply.startswith(text), f"what came before the error is no part: {text!r}")
        return Ending.BROKEN_OFF
    if request.dialect == "openai":
        _require(last == "[DONE]", f"the stream ends without [DONE], with {last!r}")
        text, reasons = _read_frames(request, before, model)
    else:
        _require(last.get("done") is True, f"the last line is not done: {last!r}")
        text, reasons = _read_frames(request, frames, model)
    _require(len(reasons) == 1, f"{len(reasons)} end marks")
    _check_text(request, text, reasons[0], reply)
    return Ending.ANSWERED


def _read_frames(request: Request, frames: list[Any], model: str) -> tuple[str, list[str]]:
    """The text of the frames, and their reasons to end."""
    text = ""
    reasons = []
    for frame in frames:
        _require(isinstance(frame, dict), f"a frame before the end that is {frame!r}")
        _require("error" not in frame, "an error in the middle")
        _require(frame.get("model") == model, f"a frame says model {frame.get('model')!r}")
        for part, reason in _parts(request, frame):
            text += part or ""
            reasons += [reason] if reason else []
    return text, reasons


def _parts(request: Request, frame: dict[str, Any]) -> Iterable[tuple[str | None, str | None]]:
    if request.dialect == "openai":
        for choice in frame["choices"]:
            said = choice["delta"].get("content") if request.is_chat else choice["text"]
            yield said, choice["finish_reason"]
    else:
        said = frame["message"]["content"] if request.is_chat else frame["response"]
        yield said, frame.get("done_reason", "?") if frame["done"] else None


def _check_text(request: Request, text: str, reason: str | None, reply: str) -> None:
    if request.limit:
        _require(reply.startswith(text) and text != "", f"no part of the reply: {text!r}")
        _require(reason == "length", f"it ended because of {reason!r}, not of length")
        return
    _require(text == reply, f"not the reply: {text!r}")
    _require(reason == "stop", f"it ended because of {reason!r}")


def _events(body: bytes) -> list[Any]:
    """The data of server-sent events; the end mark stays a text."""
    _require(body.endswith(b"\n\n"), f"the last event is not ended: {body[-80:]!r}")
    found: list[Any] = []
    for block in body.removesuffix(b"\n\n").split(b"\n\n"):
        lines = [line for line in block.split(b"\n") if not line.startswith(b":")]
        if not lines:
            continue
        _require(len(lines) == 1 and lines[0].startswith(b"data: "), f"no event: {block[:200]!r}")
        data = lines[0].removeprefix(b"data: ")
        found.append("[DONE]" if data == b"[DONE]" else _json(data))
    return found


def _lines(body: bytes) -> list[Any]:
    _require(body.endswith(b"\n"), f"the last line is not ended: {body[-80:]!r}")
    return [_json(line) for line in body.removesuffix(b"\n").split(b"\n")]


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise ShapeError(f"no JSON ({error}): {data[:200]!r}") from None


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise ShapeError(otherwise)
