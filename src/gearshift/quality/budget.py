"""DailyBudget: tokens that may be spent in a day."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

_DAY_SECONDS: Final = 86_400


class Budget(Protocol):
    """Tokens that may be spent in a day, by this process or by several."""

    def allow(self, tokens: int) -> None:
        """Allow so many in a day from now on; what was spent today stays spent."""
        ...

    @property
    def left(self) -> int:
        """Tokens that may still be spent today; below 0 where the last answer was long."""
        ...

    def spend(self, tokens: int) -> None:
        """Note tokens that were used."""
        ...


class DailyBudget:
    """Starts afresh at midnight, UTC.

    Args:
        tokens: In a day, at least 1.
        clock: Seconds since 1970.
    """

    def __init__(self, tokens: int, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._clock = clock
        self._day = self._today()
        self._spent = 0

    def allow(self, tokens: int) -> None:
        """Allow so many in a day from now on; what was spent today stays spent."""
        self._tokens = tokens

    @property
    def left(self) -> int:
        """Tokens that may still be spent today; below 0 where the last answer was long."""
        return self._tokens - self._spent_today()

    def spend(self, tokens: int) -> None:
        """Note tokens that were used."""
        self._spent = self._spent_today() + tokens

    def _spent_today(self) -> int:
        today = self._today()
        if today != self._day:
            self._day, self._spent = today, 0
        return self._spent

    def _today(self) -> float:
        return self._clock() // _DAY_SECONDS
