"""What is pasted into a text but is no text: data URLs and long runs of base64."""

from __future__ import annotations

import re
from typing import Final

_DATA_URL: Final = re.compile(
    r"data:[a-zA-Z]{1,30}/[\w.+-]{1,100}(?:;[\w.+=-]{1,100}){0,10},[^\s\"'<>()\[\]{}`]*+"
    r"(?:\s[A-Za-z0-9+/]{60,}+={0,2})*+"
)
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{200,}+={0,2}")
_LINES: Final = re.compile(r"(?m)^(?:[A-Za-z0-9+/]{60,80}\r?\n){3,}+[A-Za-z0-9+/]{0,80}={0,2}")
_PEM: Final = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----")
_SHORTEST: Final = 200
_LONG: Final = 4_000


def without_attachments(text: str) -> str:
    """The text without data URLs and base64 that stand in it, as images are parts beside it.

    Example:
        >>> without_attachments("What is this? data:image/png;base64,iVBORw0KGgo=")
        'What is this? '
    """
    if "data:" in text:
        text = _DATA_URL.sub("", text)
    if len(text) >= _SHORTEST and _may_hold_runs(text):
        text = _RUN.sub(_unless_words, text)
        if "\n" in text:
            text = _PEM.sub("", _LINES.sub(_unless_words, text))
    return text


def _may_hold_runs(text: str) -> bool:
    """Whether there is a long stretch without a space; this takes a leap for each stretch."""
    if len(text) > _LONG:
        # Beside so much other text a run that is shorter than it changes nothing.
        return text.count(" ") * 12 < len(text)
    position = 0
    while position + _SHORTEST <= len(text):
        position = text.rfind(" ", position, position + _SHORTEST) + 1
        if not position:
            return True
    return False


def _unless_words(match: re.Match[str]) -> str:
    """Base64 has letters of both cases and digits; a repeated letter or an underline has not."""
    run = match[0]
    sample = run[:_SHORTEST]
    is_mixed = sample != sample.lower() and sample != sample.upper()
    return "" if is_mixed and any(map(str.isdigit, sample)) else run
