"""Retries: the same deployment again, after a short wait, as long as a budget lasts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from gearshift.errors import FailureKind

_RESERVE: Final = 10.0

# What the next request may well not meet.
_TRANSIENT: Final = frozenset(
    {FailureKind.UNREACHABLE, FailureKind.FAILED, FailureKind.CUT_OFF, FailureKind.GARBAGE}
)
# What passes, but not at once: worth waiting for only where nobody else can answer.
_PASSING: Final = frozenset({FailureKind.BUSY, FailureKind.LOADING})


class RetryBudget:
    """Keeps repetitions to a share of the requests, so that they never multiply an overload.

    >>> budget = RetryBudget(0.2)
    >>> sum(budget.spend() for _ in range(100))
    10
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._tokens = _RESERVE

    def carry_over(self, previous: RetryBudget, unchanged: Collection[str]) -> None:
        """Go on with what is left: a change of settings is no reserve for an overload."""
        self._tokens = previous._tokens

    def earn(self) -> None:
        """A request has come: it earns its share of a repetition."""
        self._tokens = min(_RESERVE, self._tokens + self._share)

    def spend(self) -> bool:
        """Whether one more repetition is allowed now."""
        if self._tokens < 1.0 or self._share == 0.0:
            return False
        self._tokens -= 1.0
        return True


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a deployment is asked again, and after how long.

    Attributes:
        attempts: Repetitions for one request and deployment; 0 turns them off.
        backoff_seconds: Mean of the first wait; it doubles with each repetition.
        random: A number from 0 to 1, for the jitter.
    """

    attempts: int
    backoff_seconds: float
    random: Callable[[], float]

    def wait(
        self, attempt: int, fault: FailureKind, *, has_sibling: bool, is_last: bool
    ) -> float | None:
        """Seconds to wait before the next attempt; `None` for no further one.

        Args:
            attempt: How many have failed, from 1.
            fault: Of the last one.
            has_sibling: Another deployment of the same tier follows, which is better than waiting.
            is_last: Nobody else is left to ask.
        """
        if attempt > self.attempts or has_sibling:
            return None
        if fault not in _TRANSIENT and not (is_last and fault in _PASSING):
            return None
        return self.backoff_seconds * 2.0 ** (attempt - 1) * (0.5 + self.random())
