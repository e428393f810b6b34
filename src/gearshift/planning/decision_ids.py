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
_DRAWN_DIGITS: Final = _DIGITS // 2


class DecisionIds:
    """Makes names of 56 random bits, which nobody can guess, behind the time.

    With the time before them, a database writes neighbours next to each other: in a log of random
    names every row goes to a page of its own. The random part comes from the system in handfuls.

    Any thread may ask for one: taking from a deque, and adding to it, is one step each.
    """

    __slots__ = ("_drawn",)

    def __init__(self) -> None:
        self._drawn: deque[str] = deque()

    def next(self) -> str:
        """`dec-` and 24 hex digits."""
        try:
            drawn = self._drawn.pop()
        except IndexError:
            drawn = self._draw_more()
        return f"dec-{int(time.time() * _TICKS):010x}{drawn}"

    def _draw_more(self) -> str:
        digits = os.urandom(_BYTES * _HANDFUL).hex()
        first, *rest = (digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS))
        self._drawn.extend(rest)
        return first


def draw(decision_id: str) -> float:
    """A number from 0 up to 1 that belongs to a decision: the same one whenever it is asked for.

    What is drawn by it needs no column to be known later, and no process has to tell another.
    """
    return int(decision_id[-_DRAWN_DIGITS:], 16) / 16**_DRAWN_DIGITS


def second_draw(decision_id: str) -> float:
    """Another such number, independent of the first."""
    return int(decision_id[-2 * _DRAWN_DIGITS : -_DRAWN_DIGITS], 16) / 16**_DRAWN_DIGITS
