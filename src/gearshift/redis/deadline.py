"""Deadline: ends a wait for another process, though not because this one has much to do."""

from __future__ import annotations

import asyncio
from typing import Final

_TURNS_TO_READ: Final = 3  # of the event loop: for bytes to be read, and for who waits to be woken


class Deadline:
    """Ends a wait for a reply, once what has come by then has been read.

    A busy event loop runs its timers before it reads what has long arrived: that is no fault of
    who is asked, who would be left alone just when there is most to do.
    """

    def __init__(self, limit: asyncio.Timeout, seconds: float) -> None:
        self._limit = limit
        self._turns = _TURNS_TO_READ
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.Handle = self._loop.call_later(seconds, self._is_due)

    def _is_due(self) -> None:
        if self._turns:
            self._turns -= 1
            self._handle = self._loop.call_soon(self._is_due)
        else:
            self._limit.reschedule(self._loop.time())

    def cancel(self) -> None:
        """It has answered, or nobody waits any more."""
        self._handle.cancel()
