"""What is pasted into a text but is no text: data URLs and long runs of base64."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_DATA_URL: Final = re.compile(
    r"data:[a-zA-Z]{1,30}+/[\w.+-]{1,100}+(?:;[\w.+=-]{1,100}+){0,10}+,[^\s\"'<>()\[\]{}`]*+"
    r"(?:\s[A-Za-z0-9+/]{60,}+={0,2})*+"
)
_STRETCH: Final = re.compile(r"[A-Za-z0-9+/=_\r\n-]++")
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{200,}+={0,2}")
_LINES: Final = re.compile(r"(?m)^(?:[A-Za-z0-9+/]{60,80}\r?\n){3,}+[A-Za-z0-9+/]{0,80}={0,2}")
_PEM: Final = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----\n?")
_SHORTEST: Final = 200
_STEP: Final = _SHORTEST // 2
_MOST_LINES: Final = 3  # base64 has lines of 60 letters and more
_PART: Final = re.compile(rf"[A-Za-z0-9+/=_\r\n-]{{{_STEP}}}")


def without_attachments(text: str) -> str:
    """The text without data URLs and base64 that stand in it, as images are parts beside it.

    Example:
        >>> without_attachments("What is this? data:image/png;base64,iVBORw0KGgo=")
        'What is this? '
    """
    if "data:" in text:
        text = _DATA_URL.sub("", text)
    if not _has_stretch_without_space(text):
        return text
    kept: list[str] = []
    end = 0
    for start, until in _stretches(text):
        kept += (text[end:start], _without_base64(text[start:until]))
        end = until
    if not kept:
        return text
    return _PEM.sub("", "".join((*kept, text[end:])))


def _without_base64(stretch: str) -> str:
    lines = stretch.split("\n")
    if max(map(len, lines)) >= _SHORTEST:
        stretch = _RUN.sub(_unless_words, stretch)
    return _LINES.sub(_unless_words, stretch) if len(lines) > _MOST_LINES else stretch


def _has_stretch_without_space(text: str) -> bool:
    """A quick look, which takes a leap for each stretch; there is hardly ever one."""
    position, last = 0, len(text) - _SHORTEST
    last_space = text.rfind
    while position <= last:
        position = last_space(" ", position, position + _SHORTEST) + 1
        if not position:
            return True
    return False


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Where 200 letters of base64 and more stand together: such a stretch covers a whole step."""
    end = 0
    for position in range(0, len(text) - _STEP + 1, _STEP):
        if position < end or not _PART.match(text, position):
            continue
        if text.count("\n", position, position + _STEP) > _MOST_LINES:
            continue
        start = _start_of_stretch(text, position, max(end, position - _STEP))
        match = _STRETCH.match(text, position)
        end = match.end() if match else position
        yield start, end


def _start_of_stretch(text: str, position: int, earliest: int) -> int:
    before = _STRETCH.match(text[earliest:position][::-1])
    return position - before.end() if before else position


def _unless_words(match: re.Match[str]) -> str:
    """Base64 has letters of both cases and digits; a repeated letter or an underline has not."""
    run = match[0]
    sample = run[:_SHORTEST]
    is_mixed = sample != sample.lower() and sample != sample.upper()
    return "" if is_mixed and any(map(str.isdigit, sample)) else run
