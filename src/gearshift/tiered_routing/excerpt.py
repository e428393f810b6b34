"""What is read of a long text, so that no text takes long: its head and its tail."""

from __future__ import annotations

from typing import Final

HEAD: Final = 12_000
TAIL: Final = 12_000
CUT: Final = "\n\x1d\n"
"""Stands where the middle was left out; no letter, so that no word runs over it."""

_RUN: Final = 400
_MOST_RUNS: Final = 16
_LONGEST_RUN: Final = 4_000_000
_BEHIND_RUN: Final = 2_000


def excerpt(text: str) -> str:
    """A text that may be long, without its middle.

    A long run without a space, as an image in base64, is no text: where the head ends in one, what
    stands behind the run is read too.
    """
    if len(text) <= HEAD + TAIL:
        return text
    pieces = [text[:HEAD]]
    end = HEAD
    last = len(text) - TAIL
    for _ in range(_MOST_RUNS):
        if end >= last or _has_space(text, end - _RUN, end):
            break
        start = _end_of_run(text, end, last)
        if start < 0:
            break
        end = min(start + _BEHIND_RUN, last)
        pieces.append(text[start:end])
    return CUT.join((*pieces, text[max(end, last) :]))


def where_few(text: str, letters: str, most: int) -> str:
    """As much of the head and of the tail of a text as holds so few of these letters.

    Each may begin what a pattern looks for, and is tried: this bounds how often.
    """
    half = len(text) // 2
    while sum(map(text.count, letters)) > most:
        half //= 2
        text = f"{text[:half]}{CUT}{text[-half:]}"
    return text


def _has_space(text: str, start: int, end: int) -> bool:
    return text.find(" ", start, end) >= 0 or text.find("\n", start, end) >= 0


def _end_of_run(text: str, start: int, last: int) -> int:
    limit = min(last, start + _LONGEST_RUN)
    newline = text.find("\n", start, limit)
    space = text.find(" ", start, newline if newline >= 0 else limit)
    return space if space >= 0 else newline
