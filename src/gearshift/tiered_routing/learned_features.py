"""What the learned scorer sees of a text: hashed words, pairs and letters, and graded features."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from math import log1p
from typing import Final, NamedTuple

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
_LONGEST: Final = 4 * sum(_WINDOW) + 8  # bytes
_BASE: Final = 0x9E3779B97F4A7C15 | 1
_MODULUS: Final = 1 << 64
_PAIR: Final = np.uint64(0xD6E8FEB86659FD93)
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_GRAM_MIX: Final = np.uint32(0x9E3779B1)
_WORD_SHIFT: Final = np.uint64(64 - 17)
_GRAM_SHIFT: Final = np.uint32(32 - 16)
_BEHIND_WORDS: Final = np.int64(WORD_SLOTS)
_ZERO: Final = np.zeros(1, np.int64)


def _classes() -> NDArray[np.uint8]:
    """1 for a digit, 2 for another byte of a word, 0 for what stands between words."""
    table = np.zeros(256, np.uint8)
    table[[ord(char) for char in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"]] = 2
    table[128:] = 2
    table[[ord(char) for char in "0123456789"]] = 1
    return table


_CLASS: Final = _classes()
_SPACES: Final = bytes.maketrans(b"\t\n\v\f\r", b"     ")
_UPPER: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS: Final = b"0123456789"
_NUMBER: Final = re.compile(rb"[0-9]+")
_DECIMAL: Final = re.compile(rb"[0-9]\.[0-9]")
_ASCII: Final = bytes(range(128))
_COUNTED: Final = (*_MARKS.values(), *_FURTHER_MARKS.values())


class _Powers:
    """Powers of the hash's base and of its inverse modulo 2^64, as many as were needed so far."""

    def __init__(self) -> None:
        self._up = self._down = np.ones(1, np.uint64)

    def upto(self, size: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        if size > len(self._up):
            enough = min(max(size, 2 * len(self._up), 1_024), max(size, _LONGEST))
            self._up = _powers(_BASE, enough)
            self._down = _powers(pow(_BASE, -1, _MODULUS), enough)
        return self._up[:size], self._down


def _powers(base: int, count: int) -> NDArray[np.uint64]:
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


_POWERS: Final = _Powers()


class Reading(NamedTuple):
    """One text, read.

    Attributes:
        slots: Which n-grams occur, ascending; from `WORD_SLOTS` on those of letters.
        counts: How often each does.
        graded: The values of `GRADED`.
        truncated: Only the head and the tail were read.
    """

    slots: Slots
    counts: NDArray[np.int64]
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
    words = _Words(raw.lower() if text.isascii() else encode(text.lower()))
    slots = words.slots()
    slots.sort()
    firsts = np.flatnonzero(slots[1:] != slots[:-1]) + 1
    edges = np.concatenate((_ZERO[: len(slots)], firsts, (len(slots),)))
    rule = [factors["code"], factors["technical"], factors["multi_step"], factors["question"]]
    graded = np.array([*rule, rule_score, *_shape(size, text, raw, words)])
    return Reading(slots[edges[:-1]], edges[1:] - edges[:-1], graded, truncated)


def word_slots(text: str) -> list[tuple[str, int]]:
    """Every word and pair of words of a text, with its slot; to explain a score."""
    lower = encode(_window(text)[0].lower())
    words = _Words(lower)
    ends = words.starts + words.lengths
    names = [
        lower[start:end].decode("utf-8", "replace")
        for start, end in zip(words.starts.tolist(), ends.tolist(), strict=True)
    ]
    names += [f"{first} {second}" for first, second in pairwise(names)]
    return list(zip(names, words.word_slots().tolist(), strict=True))


def _window(text: str) -> tuple[str, bool]:
    head, tail = _WINDOW
    if len(text) <= head + tail:
        return text, False
    return f"{text[:head]}\n{text[-tail:]}", True


class _Words:
    """Where the words of a text lie, and what they hash to."""

    __slots__ = ("classes", "codes", "hashes", "lengths", "padded", "starts")

    def __init__(self, lower: bytes) -> None:
        padded = b" " + lower.translate(_SPACES) + b" "
        codes = np.frombuffer(padded, np.uint8)
        self.padded, self.codes, self.classes = padded, codes, _CLASS[codes]
        inside = self.classes > 0
        edges = np.flatnonzero(inside[1:] != inside[:-1])
        self.starts, ends = edges[::2], edges[1::2]
        self.lengths = ends - self.starts
        up, down = _POWERS.upto(len(codes))
        prefix = (codes * up).cumsum()
        self.hashes = (prefix[ends] - prefix[self.starts]) * down[self.starts]

    def slots(self) -> Slots:
        """The slot of every word, pair of words and group of four letters, with repetitions."""
        count = max(0, len(self.codes) - 3)
        # Every four bytes that follow each other, as one number each, without a copy.
        groups = np.ndarray((count,), "<u4", self.padded, 0, (1,))
        letter = self.codes != 32
        within = letter[1:-2] & letter[2:-1]
        letters = (groups[within] * _GRAM_MIX) >> _GRAM_SHIFT
        return np.concatenate((self.word_slots(), letters + _BEHIND_WORDS))

    def word_slots(self) -> Slots:
        """The slot of every word, then of every pair of words."""
        hashes = self.hashes
        pairs = hashes[:-1] * _PAIR + hashes[1:]
        mixed = np.concatenate((hashes, pairs)) * _MIX
        return (mixed >> _WORD_SHIFT).view(np.int64)


def _shape(size: int, text: str, raw: bytes, words: _Words) -> list[float]:
    """The graded features that are no factors: sizes, shares and logarithms of counts."""
    length = max(1, len(raw))
    many = max(1, len(words.lengths))
    lines = [len(line) for line in raw.split(b"\n") if line.strip()] or [0]
    capitals = len(raw) - len(raw.translate(None, _UPPER))
    digits = len(raw) - len(raw.translate(None, _DIGITS))
    return [
        log1p(size),
        log1p(len(words.lengths)),
        log1p(raw.count(b". ") + raw.count(b"? ") + raw.count(b"! ") + raw.count(b".\n")),
        log1p(lines[0]),
        log1p(lines[-1]),
        log1p(max(lines)),
        *_word_lengths(words.lengths),
        len(set(words.hashes.tolist())) / many,
        digits / length,
        *(_numbers(raw) if digits else (0.0, 0.0, 0.0, 0.0)),
        capitals / length,
        sum(map(str.istitle, text.split())) / many if capitals else 0.0,
        *map(log1p, map(raw.count, _COUNTED)),
        0.0 if raw.isascii() else len(raw.translate(None, _ASCII)) / length,
    ]


def _word_lengths(lengths: NDArray[np.int64]) -> tuple[float, float, float, float, float]:
    count = len(lengths)
    if not count:
        return 0.0, 0.0, 0.0, 0.0, 0.0
    total = int(lengths.sum())
    square = int(lengths @ lengths)
    mean = total / count
    return (
        mean,
        max(0.0, square / count - mean * mean) ** 0.5,
        np.count_nonzero(lengths >= 8) / count,
        np.count_nonzero(lengths <= 3) / count,
        log1p(int(lengths.max())),
    )


def _numbers(raw: bytes) -> tuple[float, float, float, float]:
    """Runs of digits: how many, how many different, how long at most, and decimals."""
    found = _NUMBER.findall(raw)
    return (
        log1p(len(found)),
        log1p(len(set(found))),
        log1p(max(map(len, found))),
        log1p(len(_DECIMAL.findall(raw))),
    )
