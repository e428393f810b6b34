"""DecisionIds: random names for decisions, drawn from the system in handfuls."""

from __future__ import annotations

import os
from typing import Final

_BYTES: Final = 12
_HANDFUL: Final = 256


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
