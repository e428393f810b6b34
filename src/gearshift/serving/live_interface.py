"""LiveInterface: the interface that new requests get, replaced as a whole while old ones finish."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from gearshift.config.checks import require_extras
from gearshift.config.loading import Settings
from gearshift.interface import LLMInterface
from gearshift.planning.router_loading import router_for
from gearshift.providers.base import UpstreamConfig
from gearshift.telemetry.events import Sink
from gearshift.threads import Purpose, in_thread

logger = logging.getLogger(__name__)

Follower = Callable[[LLMInterface], None]
"""Told of the live interface, at first and after every change; must not fail."""


class LiveInterface:
    """Holds the live interface, and the next one until it takes over.

    A change is prepared beside the running one, so that whatever is wrong with it is found
    before it matters; then all followers change between two requests. The old interface answers
    the requests that have it, and is closed after the last of them.

    Args:
        settings: Those to begin with.
        upstreams: Instead of the configured ones.
        sinks_of: Makes the sinks for given settings.
    """

    def __init__(
        self,
        settings: Settings,
        upstreams: Sequence[UpstreamConfig] | None,
        sinks_of: Callable[[Settings], Iterable[Sink]] = lambda _: (),
    ) -> None:
        require_extras(settings)
        self._sinks_of = sinks_of
        self.llm = LLMInterface(settings, sinks=tuple(sinks_of(settings)), upstreams=upstreams)
        self._next: LLMInterface | None = None
        self._followers: list[Follower] = []
        self._retiring: dict[asyncio.Task[None], LLMInterface] = {}

    async def __aenter__(self) -> Self:
        await self.llm.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.sleep(0)  # a task that has not begun could not clean up
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await self.abort()
        await self.llm.aclose()

    def follow(self, follower: Follower) -> None:
        """Have `follower` told now and after every change."""
        follower(self.llm)
        self._followers.append(follower)

    async def prepare(self, settings: Settings, upstreams: Sequence[UpstreamConfig]) -> None:
        """Make the next interface and start it; the live one is not touched.

        Raises:
            GearshiftError: It cannot be made or started, or needs an optional package that is
                not installed; nothing is left of it.
        """
        require_extras(settings)
        await self.abort()
        # In a thread, as a scorer may take long to load, and requests go on meanwhile. Only that:
        # what is taken over from the live one changes with every request and probe.
        routing, before = settings.tiered_routing, self.llm.router
        router = await in_thread(Purpose.SETTINGS, router_for, routing, before)
        successor = LLMInterface(
            settings,
            sinks=tuple(self._sinks_of(settings)),
            upstreams=upstreams,
            router=router,
            previous=self.llm,
        )
        self._next = await successor.start()

    def prepared_upstreams(self) -> tuple[UpstreamConfig, ...]:
        """The next interface's upstreams, with the addresses of its engines."""
        assert self._next is not None, "prepare comes first"
        return self._next.running_upstreams()

    def commit(self, others: Awaitable[object] | None = None) -> asyncio.Task[None]:
        """Make the next interface the live one; the task ends when the old one is closed.

        Args:
            others: Ends when other processes have no more use for the old one's engines.
        """
        assert self._next is not None, "prepare comes first"
        old, self.llm, self._next = self.llm, self._next, None
        old.hand_over(self.llm)
        for follower in self._followers:
            follower(self.llm)
        # What it hands on may still serve requests of those that came before it.
        task = asyncio.create_task(_retire(old, (*self._retiring, *((others,) if others else ()))))
        self._retiring[task] = old
        task.add_done_callback(self._retiring.pop)
        return task

    @property
    def in_flight(self) -> int:
        """How many requests are being answered, also with old configurations."""
        return sum(llm.in_flight.count for llm in (self.llm, *self._retiring.values()))

    async def abort(self) -> None:
        """Close the next interface, if there is one."""
        successor, self._next = self._next, None
        if successor is not None:
            await successor.aclose()


async def _retire(old: LLMInterface, before: Iterable[Awaitable[object]]) -> None:
    try:
        await old.health.aclose()
        await asyncio.gather(*before, return_exceptions=True)
        # An answer takes `total_seconds` at most, but others may have been asked before.
        async with asyncio.timeout(2 * old.settings.limits.total_seconds):
            await old.in_flight.none_left()
    except TimeoutError:
        logger.warning("%d requests still use an old configuration", old.in_flight.count)
    finally:
        await old.aclose()
