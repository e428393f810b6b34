"""InFlight: how many requests still use an interface, so that it is not closed under them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gearshift.telemetry.events import RequestFinished


class InFlight:
    """Counts requests from the moment they are planned to the end of their answers.

    `ended` is a sink: every request that has begun is told of once, whatever its end.
    """

    __slots__ = ("_idle", "_watchers", "count")

    def __init__(self) -> None:
        self.count = 0
        self._idle: asyncio.Event | None = None
        self._watchers: tuple[Callable[[], None], ...] = ()

    def begun(self) -> None:
        """One request has begun."""
        self.count += 1
        for watcher in self._watchers:
            watcher()

    @contextmanager
    def watched(self, watcher: Callable[[], None]) -> Iterator[None]:
        """Have `watcher` called whenever a request begins, before anything is done for it."""
        self._watchers = (*self._watchers, watcher)
        try:
            yield
        finally:
            self._watchers = tuple(other for other in self._watchers if other is not watcher)

    def ended(self, event: RequestFinished | None = None) -> None:
        """One request is over; what nobody waited for was none."""
        if event is not None and event.is_background:
            return
        self.count -= 1
        if self._idle is not None and self.count <= 0:
            self._idle.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count what the pipeline does not see: requests handed through as they are."""
        self.begun()
        try:
            yield
        finally:
            self.ended()

    async def none_left(self) -> None:
        """Wait until no request is in flight; no new ones may begin."""
        self._idle = asyncio.Event()
        if self.count > 0:
            await self._idle.wait()
