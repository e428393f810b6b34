"""Counts and times as servers send them, in bounds."""

from __future__ import annotations

from typing import Final

from gearshift.types import Json

# More than any answer has; sums of larger ones could not be written as JSON.
_MOST: Final = 10**15
_MOST_SECONDS: Final = 10**6


def seconds(value: Json, units: float = 1.0) -> float:
    """A time in seconds, of which a server has given so many `units`; 0 where it gave none.

    >>> seconds(1500, 1e3), seconds(-1), seconds("soon")
    (1.5, 0.0, 0.0)
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        return 0.0
    return min(value / units, _MOST_SECONDS)


def count(value: Json) -> int:
    """A number of tokens or nanoseconds, in bounds; 0 where an engine left it out.

    >>> count(7), count(None), count(True)
    (7, 0, 0)
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return 0
    return min(value, _MOST)
