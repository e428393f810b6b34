"""What the learned scorer sees of a text: hashed words, pairs and letters, and graded features."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log1p
from operator import mul
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from gearshift.tiered_routing.text import encode

Floats = NDArray[np.float64]
Slots = NDArray[np.int64]

VERSION: Final = 1
"""Changes whenever the same text may give other features; models say for which they were made."""

WORD_SLOTS: Final = 1 << 17
"""Slots of words and of pairs of words; behind them lie those of groups of four letters."""
GRAM_SLOTS: Final = 1 << 16
SLOTS: Final = WORD_SLOTS + GRAM_SLOTS

RULE_FEATURES: Final = ("code", "technical", "multi_step", "question", "rule")
_MARKS: Final = {
    "commas": b",",
    "question_marks": b"?",
    "dollars": b"$",
    "percents": b"%",
    "equals": b"=",
    "parentheses": b"(",
    "quotes": b'"',
    "underscores": b"_",
    "slashes": b"/",
    "line_breaks": b"\n",
}
_FURTHER_MARKS: Final = {
    "hyphens": b"-",
    "colons": b":",
    "semicolons": b";",
    "apostrophes": b"'",
    "carets": b"^",
    "backslashes": b"\\",
    "pluses": b"+",
    "asterisks": b"*",
    "full_stops": b".",
    "braces": b"{",
}
FOR_TREES: Final = (
    *("code", "technical", "multi_step", "question", "rule"),
    *("length", "words", "sentences", "first_line", "last_line", "longest_line"),
    *("word_length", "word_length_spread", "long_words", "short_words", "longest_word"),
    *("distinct_words", "digits", "numbers", "distinct_numbers", "longest_number", "decimals"),
    *("capitals", "capitalised_words"),
    *_MARKS,
)
"""The graded features that trees may ask about."""
GRADED: Final = (*FOR_TREES, *_FURTHER_MARKS, "non_ascii")
"""Names of all graded features, in their order."""

_WINDOW: Final = (9_000, 3_000)
_WORD: Final = re.compile(rb"[a-z0-9_\x80-\xff]+")
_NUMBER: Final = re.compile(rb"[0-9]+")
_DECIMAL: Final = re.compile(rb"[0-9]\.[0-9]")
_CAPITALISED: Final = re.compile(rb"\b[A-Z][a-z]*")
_UPPER: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS: Final = b"0123456789"
_ASCII: Final = bytes(range(128))
_COUNTED: Final = (*_MARKS.values(), *_FURTHER_MARKS.values())
_PAIR: Final = np.uint64(0xD6E8FEB86659FD93)
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_GRAM_MIX: Final = np.uint32(0x9E3779B1)
_WORD_SHIFT: Final = np.uint64(64 - 17)
_GRAM_SHIFT: Final = np.uint32(32 - 16)
_BEHIND_WORDS: Final = np.int64(WORD_SLOTS)
_NO_WORDS: Final = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_NO_NUMBERS: Final = (0.0, 0.0, 0.0, 0.0, 0.0)


class Reading(NamedTuple):
    """One text, read.

    Attributes:
        slots: Which n-grams occur, ascending; from `WORD_SLOTS` on those of letters.
        graded: The values of `GRADED`.
        truncated: Only the head and the tail were read.
    """

    slots: Slots
    graded: Floats
    truncated: bool


def read(text: str, factors: Mapping[str, float], rule_score: float) -> Reading:
    """The features of a text, in time bounded by the window.

    Args:
        text: The task.
        factors: The rule's, each 0-3.
        rule_score: The rule's score, 0-10.
    """
    size = len(text)
    text, truncated = _window(text)
    raw = encode(text)
    lower = _lower(text, raw)
    words = _WORD.findall(lower)
    slots = np.concatenate((_slots_of_words(words), _slots_of_letters(lower)))
    slots.sort()
    is_last = np.ones(len(slots), np.bool_)
    np.not_equal(slots[1:], slots[:-1], out=is_last[:-1])
    rule = (factors["code"], factors["technical"], factors["multi_step"], factors["question"])
    graded = np.array([*rule, rule_score, log1p(size), *_shape(raw, words)])
    return Reading(slots[is_last], graded, truncated)


def word_slots(text: str) -> list[tuple[str, int]]:
    """Every word and pair of words of a text, with its slot; to explain a score."""
    text, _ = _window(text)
    words = _WORD.findall(_lower(text, encode(text)))
    names = [word.decode("utf-8", "replace") for word in words]
    names += [f"{first} {second}" for first, second in pairwise(names)]
    return list(zip(names, _slots_of_words(words).tolist(), strict=True))


def _window(text: str) -> tuple[str, bool]:
    head, tail = _WINDOW
    if len(text) <= head + tail:
        return text, False
    return f"{text[:head]}\n{text[-tail:]}", True


def _lower(text: str, raw: bytes) -> bytes:
    return raw.lower() if text.isascii() else encode(text.lower())


def _slots_of_words(words: Sequence[bytes]) -> Slots:
    """The slot of every word, then of every pair of words."""
    hashes = np.array([*map(crc32, words)], np.uint64)
    pairs = hashes[:-1] * _PAIR + hashes[1:]
    return ((np.concatenate((hashes, pairs)) * _MIX) >> _WORD_SHIFT).view(np.int64)


def _slots_of_letters(lower: bytes) -> Slots:
    """The slot of every four bytes of which the middle two are no space."""
    padded = b" " + lower + b" "
    # Every four bytes that follow each other, as one number each, without a copy.
    groups = np.ndarray((max(0, len(padded) - 3),), "<u4", padded, 0, (1,))
    letter = np.frombuffer(padded, np.uint8) > 32
    within = letter[1:-2] & letter[2:-1]
    return ((groups[within] * _GRAM_MIX) >> _GRAM_SHIFT) + _BEHIND_WORDS


def _shape(raw: bytes, words: Sequence[bytes]) -> list[float]:
    """The graded features behind `length`: sizes, shares and logarithms of counts."""
    length = max(1, len(raw))
    lines = [len(line) for line in raw.split(b"\n") if line.strip()] or [0]
    capitals = len(raw) - len(raw.translate(None, _UPPER))
    digits = len(raw) - len(raw.translate(None, _DIGITS))
    return [
        log1p(len(words)),
        log1p(raw.count(b". ") + raw.count(b"? ") + raw.count(b"! ") + raw.count(b".\n")),
        log1p(lines[0]),
        log1p(lines[-1]),
        log1p(max(lines)),
        *(_word_lengths(words) if words else _NO_WORDS),
        *(_numbers(raw, digits / length) if digits else _NO_NUMBERS),
        capitals / length,
        len(_CAPITALISED.findall(raw)) / max(1, len(words)) if capitals else 0.0,
        *map(log1p, map(raw.count, _COUNTED)),
        0.0 if raw.isascii() else len(raw.translate(None, _ASCII)) / length,
    ]


def _word_lengths(words: Sequence[bytes]) -> tuple[float, float, float, float, float, float]:
    """Mean and spread, shares of long and of short ones, the longest, the share of different."""
    lengths = sorted(map(len, words))
    count = len(lengths)
    mean = sum(lengths) / count
    square = sum(map(mul, lengths, lengths)) / count
    return (
        mean,
        max(0.0, square - mean * mean) ** 0.5,
        (count - bisect_left(lengths, 8)) / count,
        bisect_right(lengths, 3) / count,
        log1p(lengths[-1]),
        len(set(words)) / count,
    )


def _numbers(raw: bytes, share: float) -> tuple[float, float, float, float, float]:
    """Share of digits; runs of them: how many, how many different, the longest, decimals."""
    numbers = _NUMBER.findall(raw)
    return (
        share,
        log1p(len(numbers)),
        log1p(len(set(numbers))),
        log1p(max(map(len, numbers))),
        log1p(len(_DECIMAL.findall(raw))),
    )
