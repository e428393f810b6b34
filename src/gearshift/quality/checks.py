"""Checks: what can be seen to be wrong with an answer without any model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import orjson

from gearshift.errors import GearshiftError
from gearshift.extras import extra
from gearshift.quality.json_schema import fits
from gearshift.quality.refusals import declines
from gearshift.types import ChatRequest, Chunk

_READ: Final = 6_000
"""Characters of an answer that are looked at, from either end."""
_SHORT: Final = 40
"""Characters below which a text says too little about its language."""
_NONE: Final = "zxx"  # what ISO 639 calls text without a language, such as figures
_FENCE: Final = "```"
_LONGEST_JSON: Final = 4_000_000
"""Characters above which nobody looks whether an answer is JSON."""


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
    for period in range(2, len(text) // 4 + 1):  # one character again and again is a line
        times = max(4, -(-80 // period))
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
    asked, answered = _last_words(request), answer.content
    if min(len(asked), len(answered)) < _SHORT or "```" in answered:
        return False
    languages = (_language(asked[:_READ]), _language(answered[:_READ]))
    return languages[0] != languages[1] and _NONE not in languages


def is_invalid_json(request: ChatRequest, answer: Chunk) -> bool | None:
    """JSON was asked for, and it is none, or does not fit the schema; `None`: nobody can tell."""
    wanted = request.options.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind not in ("json_object", "json_schema"):
        return False
    assert isinstance(wanted, Mapping)
    if len(answer.content) > _LONGEST_JSON:
        return None
    try:
        value = orjson.loads(_unfenced(answer.content))
    except orjson.JSONDecodeError:
        return True
    described = wanted.get("json_schema") if kind == "json_schema" else None
    schema = described.get("schema") if isinstance(described, Mapping) else None
    if not isinstance(schema, Mapping):
        return False
    is_fit = fits(value, schema)
    return None if is_fit is None else not is_fit


CHECKS: Final[Mapping[str, Callable[[ChatRequest, Chunk], bool | None]]] = {
    "empty": is_empty,
    "refusal": is_refusal,
    "loop": is_loop,
    "language": is_foreign,
    "json": is_invalid_json,
    "truncated": is_truncated,
}
"""Each says whether something is wrong, or `None` where it cannot tell; name new ones here."""


class Checked(NamedTuple):
    """What checks say of an answer.

    Attributes:
        failed: The names of those that it fails.
        undecided: The names of those that cannot tell.
    """

    failed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


def checked(request: ChatRequest, answer: Chunk) -> Checked:
    """Run all checks on an answer; the others mean little if it is empty."""
    if is_empty(request, answer):
        return Checked(("empty",))
    if answer.tool_calls:
        return Checked()
    results = {name: _said(check, request, answer) for name, check in CHECKS.items()}
    return Checked(
        tuple(name for name, is_wrong in results.items() if is_wrong),
        tuple(name for name, is_wrong in results.items() if is_wrong is None),
    )


def failed_checks(request: ChatRequest, answer: Chunk) -> tuple[str, ...]:
    """The names of the checks that an answer fails."""
    return checked(request, answer).failed


def _said(
    check: Callable[[ChatRequest, Chunk], bool | None], request: ChatRequest, answer: Chunk
) -> bool | None:
    try:
        return check(request, answer)
    except GearshiftError:
        raise  # an extra that is not installed
    except Exception:  # noqa: BLE001 - requests and answers hold whatever strangers write
        return None


def _unfenced(text: str) -> str:
    """What stands between the marks of a block of code, if it is one."""
    text = text.strip()
    if not (text.startswith(_FENCE) and text.endswith(_FENCE)):
        return text
    return text.removeprefix(_FENCE).removesuffix(_FENCE).removeprefix("json")


def _last_words(request: ChatRequest) -> str:
    for message in reversed(request.messages):
        if message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else ""
    return ""


def _language(text: str) -> str:
    with extra("quality", "a check of the language"):
        import py3langid

    return str(py3langid.classify(text)[0])
