"""What an upstream's error response means, and what a client is told of any error."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from gearshift.dialects.fold import is_template_error
from gearshift.dialects.not_found import Subject, subject_of
from gearshift.errors import (
    ExhaustedError,
    FailureKind,
    GearshiftError,
    RequestError,
    UpstreamError,
)
from gearshift.types import Json, JsonObject

MAX_MESSAGE_CHARACTERS: Final = 300
OVERLOADED: Final = 529
"""What Anthropic, and some who stand before other servers, answer where all are busy."""

_MAX_ERROR_BODY_BYTES: Final = 256 * 1024

_INCAPABLE: Final = (
    "does not support",
    "is not supported",
    "not a multimodal model",
    "exceed_context_size",
    "exceeds the available context size",
    "context_length_exceeded",
    "context length",
    "context window",
    "prompt is too long",
    "input length exceeds",
    "too large to process",
    "requires --enable-auto-tool-choice",
    "requires --jinja",
)
# What servers call an error of their own. Ollama: a setting of the wrong type, a format that is
# none; llama.cpp: whatever in a request it does not know, or not in this type.
_MISTAKE: Final = re.compile(
    r'option "[^"]*" must be |invalid format: '
    r"|failed to parse (?:tools|messages|tool call arguments)\b|\[json\.exception\."
    r"|unknown reasoning format|unsupported (?:param|content part type|tool)\b"
    r"|cannot (?:use custom grammar|use both|specify grammar)\b"
)
# Ollama's words for an engine that is gone; what follows may be of an earlier request.
_CRASH: Final = re.compile(
    r"an error was encountered while running the model|(?:.* )?runner has unexpectedly stopped"
    r"|\S+(?: \S+)? process (?:has terminated|no longer running)"
)
# Where an error may be about a model that is not there, or about the path.
_ABOUT_THE_MODEL: Final = frozenset({400, 403, 404, 410, 422})
# What was asked, not who asks, is refused under a status that says otherwise.
_MODERATED: Final = ("flagged", "moderation", "content policy", "content_policy", "content filter")
_RETRY_SECONDS: Final = {FailureKind.LOADING: 5.0, FailureKind.BUSY: 1.0}
_STATUSES: Final = {
    FailureKind.TIMEOUT: 504,
    FailureKind.LOADING: 503,
    FailureKind.BUSY: 503,
    FailureKind.COOLDOWN: 503,
    FailureKind.INCAPABLE: 400,
}


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """What a client is told, before a dialect gives it its shape."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_upstream: bool = False


def fault_of(status: int, body: bytes) -> tuple[FailureKind, str]:
    r"""What a non-2xx response means, and the upstream's message in one line.

    >>> fault_of(404, b'{"error":"model \'x\' not found"}')
    (<FailureKind.MISSING_MODEL: 'missing_model'>, "model 'x' not found")
    """
    decoded = _innermost(_decoded(body))
    message = error_text(decoded) if decoded is not None else _one_line(body)
    labels = _labels(decoded)
    evidence = f"{message} {labels}".lower()
    subject = Subject.UNKNOWN
    if status in _ABOUT_THE_MODEL:
        subject = subject_of(message, labels, _param(decoded))
    if subject is Subject.REQUEST and decoded is None:
        subject = Subject.UNKNOWN  # a web page has many words
    return _fault(status, evidence, subject), message or f"HTTP {status} without a message"


def _fault(status: int, evidence: str, subject: Subject) -> FailureKind:
    if subject is Subject.MODEL:
        return FailureKind.MISSING_MODEL
    match status:
        case 401 | 402 | 403 | 407:
            return _access_fault(status, evidence)
        case 408:
            return FailureKind.TIMEOUT
        case 429 | 529:
            return FailureKind.BUSY
        case 503:
            return FailureKind.LOADING if "loading" in evidence else FailureKind.BUSY
    return _fault_by_words(status, evidence, subject)


def _fault_by_words(status: int, evidence: str, subject: Subject) -> FailureKind:
    """Of a status that says little by itself."""
    if status == 500 and _CRASH.match(evidence):
        return FailureKind.FAILED
    if any(sign in evidence for sign in _INCAPABLE) or is_template_error(evidence):
        return FailureKind.INCAPABLE
    if status == 500 and _MISTAKE.match(evidence):
        return FailureKind.REJECTED
    # A wrong base URL is the operator's mistake, not the client's.
    is_of_the_path = status == 404 and subject is not Subject.REQUEST
    return (
        FailureKind.REJECTED if 400 <= status < 500 and not is_of_the_path else FailureKind.FAILED
    )


def _access_fault(status: int, evidence: str) -> FailureKind:
    """Mostly of the operator's key, account or proxy, but not always."""
    if status in (402, 403) and any(word in evidence for word in _MODERATED):
        return FailureKind.REJECTED
    if status == 402 and "max_tokens" in evidence:  # too much for what is left of the account
        return FailureKind.INCAPABLE
    return FailureKind.AUTHENTICATION


def error_text(decoded: Json) -> str:
    """The message of a decoded error in any engine's shape, in one bounded line."""
    decoded = _innermost(decoded)
    error = decoded.get("error", decoded) if isinstance(decoded, dict) else decoded
    if isinstance(error, dict):
        error = next((error[k] for k in ("message", "detail", "error") if error.get(k)), error)
    text = error if isinstance(error, str) else repr(error)
    return _one_line(text[: 2 * MAX_MESSAGE_CHARACTERS].encode(errors="replace"))


def _innermost(decoded: Json) -> Json:
    """The error of the engine within an error of a server around it, which quotes it as JSON."""
    error = decoded.get("error", decoded) if isinstance(decoded, dict) else decoded
    text = error.get("message") if isinstance(error, dict) else error
    if not isinstance(text, str) or not text.startswith("{"):
        return decoded
    quoted = _decoded(text.encode(errors="replace"))
    return _innermost(quoted) if isinstance(quoted, dict) and "error" in quoted else decoded


def error_of_frame(decoded: JsonObject) -> str | None:
    """The message if a frame of a stream, or a body with status 200, reports a failure."""
    if decoded.get("error") or decoded.get("object") == "error":
        return error_text(decoded) or "an error without a message"
    return None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An upstream's own words about a client's mistake."""

    body: bytes
    decoded: JsonObject


def rejection(error: GearshiftError) -> Rejection | None:
    """The upstream's own error body, if this is a client's mistake that it found."""
    if isinstance(error, UpstreamError) and error.fault is FailureKind.REJECTED:
        decoded = _decoded(error.body)
        return Rejection(error.body, decoded) if isinstance(decoded, dict) else None
    return None


def reply_to(error: GearshiftError) -> ErrorReply:
    """Status, words and headers that report `error` to a client."""
    match error:
        case RequestError():
            return ErrorReply(
                error.status, error.message, error.field, error.code, dict(error.headers)
            )
        case UpstreamError():
            status = _status_of(error)
            return ErrorReply(
                status,
                _message_of(error),
                code=None if error.fault is FailureKind.REJECTED else error.fault.value,
                headers=_retry_after(error) if status in (429, 503) else {},
                is_upstream=error.fault is not FailureKind.REJECTED,
            )
        case _:
            return ErrorReply(500, str(error) or "gearshift could not answer.")


def _status_of(error: UpstreamError) -> int:
    if error.fault is FailureKind.REJECTED:
        return error.status if error.status and 400 <= error.status < 500 else 400
    if not isinstance(error, ExhaustedError):
        return _STATUSES.get(error.fault, 502)
    if not error.attempts:
        return 503
    statuses = {_STATUSES.get(attempt.fault, 502) for _, attempt in error.attempts}
    return statuses.pop() if len(statuses) == 1 else 502


def _message_of(error: UpstreamError) -> str:
    body = rejection(error)
    return (error_text(body.decoded) if body else "") or error.message


def _retry_after(error: UpstreamError) -> dict[str, str]:
    errors = [each for _, each in error.attempts] if isinstance(error, ExhaustedError) else [error]
    seconds = min((_retry_seconds(each) for each in errors), default=1.0)
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


def _retry_seconds(error: UpstreamError) -> float:
    seconds = error.retry_after_seconds
    if seconds is None or not 0 <= seconds <= 86_400:
        return _RETRY_SECONDS.get(error.fault, 1.0)
    return seconds


def _decoded(body: bytes) -> Json:
    try:
        return orjson.loads(body[:_MAX_ERROR_BODY_BYTES])
    except orjson.JSONDecodeError:
        return None


def _labels(decoded: Json) -> str:
    """The machine-readable words beside the message."""
    error = decoded.get("error", decoded) if isinstance(decoded, dict) else None
    if not isinstance(error, dict):
        return ""
    return f"{error.get('type', '')} {error.get('code', '')}"


def _param(decoded: Json) -> str:
    """The field that an error names as its cause, as OpenAI's do."""
    error = decoded.get("error", decoded) if isinstance(decoded, dict) else None
    param = error.get("param") if isinstance(error, dict) else None
    return param if isinstance(param, str) else ""


def _one_line(text: bytes) -> str:
    bounded = text[: 8 * MAX_MESSAGE_CHARACTERS].decode(errors="replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in bounded).split())
    if len(line) > MAX_MESSAGE_CHARACTERS:
        return line[: MAX_MESSAGE_CHARACTERS - 1] + "…"
    return line
