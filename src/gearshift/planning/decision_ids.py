"""DecisionIds: names for decisions, in the order of time and random beyond that."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import Final

_TICKS: Final = 256  # in a second; 10 hex digits of them last until the year 2106
_BYTES: Final = 7
_DIGITS: Final = 2 * _BYTES
_HANDFUL: Final = 256
_HASH_DIGITS: Final = _DIGITS // 2


class DecisionIds:
    """Makes names of 56 random bits, which nobody can guess, behind the time.

    With the time before them, a database writes neighbours next to each other: in a log of random
    names every row goes to a page of its own. The random part comes from the system in handfuls.

    Any thread may ask for one: taking from a deque, and adding to it, is one step each.
    """

    __slots__ = ("_random",)

    def __init__(self) -> None:
        self._random: deque[str] = deque()

    def next(self) -> str:
        """`dec-` and 24 hex digits."""
        try:
            random = self._random.pop()
        except IndexError:
            random = self._refill()
        return f"dec-{int(time.time() * _TICKS):010x}{random}"

    def _refill(self) -> str:
        digits = os.urandom(_BYTES * _HANDFUL).hex()
        first, *rest = (digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS))
        self._random.extend(rest)
        return first


def sampling_hash(decision_id: str) -> float:
    """A uniform number in [0, 1) that belongs to a decision: always the same for the same id.

    Whether a request is sampled follows from its id alone: no column has to record it, and no
    process has to tell another.
    """
    return int(decision_id[-_HASH_DIGITS:], 16) / 16**_HASH_DIGITS


def exploration_hash(decision_id: str) -> float:
    """Another such number, independent of `sampling_hash`; it decides who explores."""
    return int(decision_id[-2 * _HASH_DIGITS : -_HASH_DIGITS], 16) / 16**_HASH_DIGITS
