"""Hedging: a second request where the first takes unusually long; the first good one wins."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from gearshift.pipeline.retries import RetryBudget
from gearshift.tiered_routing.tier_router import Target
from gearshift.types import ChatRequest, Deployment, FrameStream

_REMEMBERED: Final = 200
_FEWEST: Final = 20

Ask = Callable[[ChatRequest, Target], Awaitable[FrameStream]]
"""Asks one deployment; returns when its first content is there."""


class Latencies:
    """The newest times to first content of each deployment."""

    def __init__(self) -> None:
        self._seconds: dict[Deployment, deque[float]] = {}

    def note(self, deployment: Deployment, seconds: float) -> None:
        """A deployment has answered."""
        self._seconds.setdefault(deployment, deque(maxlen=_REMEMBERED)).append(seconds)

    def percentile(self, deployment: Deployment, percent: float) -> float | None:
        """The time that `percent` of 100 answers took at most; `None` while few are known."""
        known = self._seconds.get(deployment)
        if known is None or len(known) < _FEWEST:
            return None
        ordered = sorted(known)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100.0))]


class Hedging:
    """Asks, and asks again when the answer is later than most.

    Args:
        ask: One deployment, once.
        percentile: Of the deployment's own recent times, after which a second request goes out.
        budget: Hedges are repetitions, so they are limited together with retries.
    """

    def __init__(self, ask: Ask, percentile: float, budget: RetryBudget) -> None:
        self._ask = ask
        self._percentile = percentile
        self._budget = budget
        self._latencies = Latencies()

    async def __call__(
        self, request: ChatRequest, target: Target, second: Target
    ) -> tuple[Target, FrameStream]:
        """The first good answer, with the deployment that gave it.

        Args:
            request: The request.
            target: Whom to ask first.
            second: Whom to ask beside; may be the same.

        Raises:
            UpstreamError: Neither answered; what the first one said.
        """
        first = asyncio.create_task(self._timed(request, target))
        running = {first: target}
        try:
            wait = self._latencies.percentile(target.deployment, self._percentile)
            done, _ = await asyncio.wait(running, timeout=wait)
            if not done and self._budget.spend():
                running[asyncio.create_task(self._timed(request, second))] = second
            return await self._winner(running, first)
        finally:
            await _cancel(running)

    async def _winner(
        self, running: dict[asyncio.Task[FrameStream], Target], first: asyncio.Task[FrameStream]
    ) -> tuple[Target, FrameStream]:
        pending = set(running)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.exception() is None:
                    target = running.pop(task)
                    return target, task.result()
        error = first.exception()
        assert error is not None
        raise error

    async def _timed(self, request: ChatRequest, target: Target) -> FrameStream:
        loop = asyncio.get_running_loop()
        started = loop.time()
        frames = await self._ask(request, target)
        self._latencies.note(target.deployment, loop.time() - started)
        return frames


async def _cancel(running: dict[asyncio.Task[FrameStream], Target]) -> None:
    """End what lost, and let go of an answer that came in the same moment."""
    for task in running:
        task.cancel()
    for result in await asyncio.gather(*running, return_exceptions=True):
        if not isinstance(result, BaseException):
            await result.aclose()
