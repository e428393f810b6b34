"""Batch: finished requests, told together once in a turn of the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from gearshift.telemetry.events import RequestFinished

logger = logging.getLogger(__name__)

BatchSink = Callable[[Sequence[RequestFinished]], None]
"""Takes what finished in one turn; must be quick. One that raises has lost these."""


class Batch:
    """Hands events on after their answers have gone out; `add` is a sink.

    Sinks know nothing of each other: one that raises is counted, said once for each kind of
    exception, and asked again with the next events.

    Args:
        sinks: Told of the events in their order.
        failed: Told the name of a sink each time that it has raised.
    """

    def __init__(
        self, *sinks: BatchSink, failed: Callable[[str], object] = lambda name: None
    ) -> None:
        self._sinks = sinks
        self._failed = failed
        self._events: list[RequestFinished] = []
        self._said: set[tuple[str, type[Exception]]] = set()

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
                try:
                    sink(events)
                except Exception as error:  # noqa: BLE001 - the others, and requests, go on
                    self._log_failure(_name_of(sink), error)

    def _log_failure(self, name: str, error: Exception) -> None:
        self._failed(name)
        kind = type(error)
        if (name, kind) not in self._said:
            self._said.add((name, kind))
            logger.error("%s in %s; requests are not affected; logged once", kind.__name__, name)


def _name_of(sink: BatchSink) -> str:
    """Such as `RequestLog.write`."""
    return str(getattr(sink, "__qualname__", type(sink).__qualname__))
