"""DecisionIds: names for decisions, in the order of time and random beyond that."""

from __future__ import annotations

import os
import time
from typing import Final

_TICKS: Final = 256  # in a second; 10 hex digits of them last until the year 2106
_BYTES: Final = 7
_DIGITS: Final = 2 * _BYTES
_HANDFUL: Final = 256
_DRAWN_DIGITS: Final = _DIGITS // 2


class DecisionIds:
    """Makes names of 56 random bits, which nobody can guess, behind the time.

    With the time before them, a database writes neighbours next to each other: in a log of random
    names every row goes to a page of its own. The random part comes from the system in handfuls.
    """

    __slots__ = ("_drawn", "_position")

    def __init__(self) -> None:
        self._drawn = ""
        self._position = 0

    def next(self) -> str:
        """`dec-` and 24 hex digits."""
        start = self._position
        if start >= len(self._drawn):
            self._drawn = os.urandom(_BYTES * _HANDFUL).hex()
            start = 0
        self._position = start + _DIGITS
        tick = int(time.time() * _TICKS)
        return f"dec-{tick:010x}{self._drawn[start : self._position]}"


def draw(decision_id: str) -> float:
    """A number from 0 up to 1 that belongs to a decision: the same one whenever it is asked for.

    What is drawn by it needs no column to be known later, and no process has to tell another.
    """
    return int(decision_id[-_DRAWN_DIGITS:], 16) / 16**_DRAWN_DIGITS


def second_draw(decision_id: str) -> float:
    """Another such number, independent of the first."""
    return int(decision_id[-2 * _DRAWN_DIGITS : -_DRAWN_DIGITS], 16) / 16**_DRAWN_DIGITS
