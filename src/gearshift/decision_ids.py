"""DecisionIds: random names for decisions, drawn from the system in handfuls."""

from __future__ import annotations

import os
from typing import Final

_BYTES: Final = 12
_HANDFUL: Final = 256
_DRAWN_DIGITS: Final = 12


class DecisionIds:
    """Makes names that nobody can guess; a call of the system for each would take longer."""

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
        self._position = start + 2 * _BYTES
        return f"dec-{self._drawn[start : self._position]}"


def draw(decision_id: str) -> float:
    """A number from 0 up to 1 that belongs to a decision: the same one whenever it is asked for.

    What is drawn by it needs no column to be known later, and no process has to tell another.
    """
    return int(decision_id[-_DRAWN_DIGITS:], 16) / 16**_DRAWN_DIGITS


def second_draw(decision_id: str) -> float:
    """Another such number, independent of the first."""
    return int(decision_id[-2 * _DRAWN_DIGITS : -_DRAWN_DIGITS], 16) / 16**_DRAWN_DIGITS
