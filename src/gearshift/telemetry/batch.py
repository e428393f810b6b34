"""Batch: finished requests, told together once in a turn of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from gearshift.telemetry.events import RequestFinished

BatchSink = Callable[[Sequence[RequestFinished]], None]
"""Takes what finished in one turn; must be quick and must not raise."""


class Batch:
    """Hands events on after their answers have gone out; `add` is a sink.

    Args:
        sinks: Told of the events in their order.
    """

    def __init__(self, *sinks: BatchSink) -> None:
        self._sinks = sinks
        self._events: list[RequestFinished] = []

    def add(self, event: RequestFinished) -> None:
        """Keep one finished request until the loop's next turn."""
        if not self._events:
            asyncio.get_running_loop().call_soon(self.flush)
        self._events.append(event)

    def flush(self) -> None:
        """Tell what is kept."""
        events, self._events = self._events, []
        if events:
            for sink in self._sinks:
                sink(events)
