"""Outage: a store that does not work, told of once, and tried again at growing intervals."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from gearshift.errors import UnavailableError

_LOG: Final = logging.getLogger(__name__)
_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_TOLD_EVERY_SECONDS: Final = 60.0


class Outage:
    """Something does not work: since when, how long to let it be, and who has been told.

    Args:
        name: What it is, as the subject of a sentence.
        instead: How things go on without it.
        clock: Seconds; never goes back.

    Attributes:
        is_on: Whether it lasts.
    """

    def __init__(self, name: str, instead: str, clock: Callable[[], float]) -> None:
        self._name = name
        self._instead = instead
        self._clock = clock
        self._pause = 0.0
        self._until = 0.0
        self._ended_at = float("-inf")
        self._told_at = float("-inf")
        self._is_told = False
        self.is_on = False

    @property
    def is_pausing(self) -> bool:
        """Whether it is too early to try again."""
        return self.is_on and self._clock() < self._until

    def begin(self, doing: str, error: BaseException) -> float:
        """It has failed, again or for the first time: how many seconds to let it be."""
        now = self._clock()
        if not self.is_on and now - self._ended_at > _LONGEST_PAUSE:
            self._pause = 0.0
        self._pause = min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, 2 * self._pause))
        self._until = now + self._pause
        if not self.is_on and now - self._told_at >= _TOLD_EVERY_SECONDS:
            self._told_at, self._is_told = now, True
            cause = cause_of(error)
            _LOG.warning("%s failed while %s: %s; %s", self._name, doing, cause, self._instead)
        self.is_on = True
        return self._pause

    def end(self) -> None:
        """It works."""
        if not self.is_on:
            return
        self.is_on, self._ended_at = False, self._clock()
        if self._is_told:
            self._is_told = False
            _LOG.warning("%s works again", self._name)


def cause_of(error: BaseException) -> str:
    """What may be told of a failure."""
    if isinstance(error, UnavailableError):
        return str(error)
    # Not its own words: they may quote what it was given.
    return "it took too long" if isinstance(error, TimeoutError) else type(error).__name__
