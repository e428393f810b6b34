"""Checks: what can be seen to be wrong with an answer without any model. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from gearshift.extras import extra
from gearshift.quality.refusals import declines
from gearshift.types import ChatRequest, Chunk

_READ: Final = 6_000
"""Characters of an answer that are looked at, from either end."""
_SHORT: Final = 40
"""Characters below which a text says too little about its language."""
_NONE: Final = "zxx"  # what ISO 639 calls text without a language, such as figures
_FENCE: Final = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)


def is_empty(request: ChatRequest, answer: Chunk) -> bool:
    """Neither text nor a tool call."""
    return not answer.content.strip() and not answer.tool_calls


def is_truncated(request: ChatRequest, answer: Chunk) -> bool:
    """It was cut off at a limit that the client did not set itself."""
    return answer.finish_reason == "length" and "max_tokens" not in request.options


def is_refusal(request: ChatRequest, answer: Chunk) -> bool:
    """It begins by declining."""
    return declines(answer.content)


def is_loop(request: ChatRequest, answer: Chunk) -> bool:
    """It says the same again and again: at its end, or in most of its sequences of words."""
    text = " ".join(answer.content[-_READ:].split())
    return _ends_in_a_loop(text) or _has_few_sequences(text)


def _ends_in_a_loop(text: str) -> bool:
    """The last characters are one piece at least four times, and at least 80 characters."""
    for period in range(1, len(text) // 4 + 1):
        times = max(4, -(-80 // period))
        if period * times > len(text):
            break
        piece = text[-period:]
        if len(set(piece)) > 1 and text.endswith(piece * times):
            return True
    return False


def _has_few_sequences(text: str) -> bool:
    words = text.split()
    if len(words) < 60:
        return False
    sequences = Counter(zip(*(words[start:] for start in range(4)), strict=False))
    return len(sequences) < 0.35 * (len(words) - 3)


def is_foreign(request: ChatRequest, answer: Chunk) -> bool:
    """It is in another language than the conversation's last turn."""
    asked, said = _last_words(request), answer.content
    if min(len(asked), len(said)) < _SHORT or "```" in said:
        return False
    languages = (_language(asked[:_READ]), _language(said[:_READ]))
    return languages[0] != languages[1] and _NONE not in languages


def is_invalid_json(request: ChatRequest, answer: Chunk) -> bool:
    """JSON was asked for, and it is none, or does not fit the schema."""
    wanted = request.options.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind not in ("json_object", "json_schema"):
        return False
    assert isinstance(wanted, Mapping)
    fenced = _FENCE.match(answer.content)
    try:
        value = orjson.loads(fenced.group(1) if fenced else answer.content)
    except orjson.JSONDecodeError:
        return True
    described = wanted.get("json_schema") if kind == "json_schema" else None
    schema = described.get("schema") if isinstance(described, Mapping) else None
    return isinstance(schema, Mapping) and not _fits(value, schema)


CHECKS: Final[Mapping[str, Callable[[ChatRequest, Chunk], bool]]] = {
    "empty": is_empty,
    "refusal": is_refusal,
    "loop": is_loop,
    "language": is_foreign,
    "json": is_invalid_json,
    "truncated": is_truncated,
}
"""Each says whether something is wrong; to add one, write it and name it here."""


def failed_checks(request: ChatRequest, answer: Chunk) -> tuple[str, ...]:
    """The names of the checks that an answer fails; the others mean little if it is empty."""
    if is_empty(request, answer):
        return ("empty",)
    if answer.tool_calls:
        return ()
    return tuple(name for name, is_wrong in CHECKS.items() if is_wrong(request, answer))


def _last_words(request: ChatRequest) -> str:
    for message in reversed(request.messages):
        if message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else ""
    return ""


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    with extra("quality", "a check of JSON against a schema"):
        import jsonschema

    try:
        jsonschema.validate(value, dict(schema))
    except jsonschema.ValidationError:
        return False
    except Exception:  # noqa: BLE001 - a schema that nobody can read says nothing of the answer
        return True
    return True


def _language(text: str) -> str:
    with extra("quality", "a check of the language"):
        import py3langid

    return str(py3langid.classify(text)[0])
