"""Hedging: a second request where the first takes unusually long; the first good one wins."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections import deque
from collections.abc import Collection, Coroutine
from typing import Any, Final

from gearshift.errors import UpstreamError
from gearshift.pipeline.attempts import Attempts
from gearshift.pipeline.call import Call
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.pipeline.retries import RetryBudget
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Deployment, FrameStream

_LOG = logging.getLogger(__name__)

_REMEMBERED: Final = 200
_FEWEST: Final = 20

_Asking = asyncio.Task[FrameStream]


class Latencies:
    """The newest times to first content of each deployment."""

    def __init__(self) -> None:
        self._seconds: dict[Deployment, deque[float]] = {}

    def carry_over(self, previous: Latencies, unchanged: Collection[str]) -> None:
        """Go on with the times of the upstreams that are the same."""
        seconds = previous._seconds
        self._seconds.update({d: seconds[d].copy() for d in seconds if d.upstream in unchanged})

    def note(self, deployment: Deployment, seconds: float) -> None:
        """A deployment has answered."""
        self._seconds.setdefault(deployment, deque(maxlen=_REMEMBERED)).append(seconds)

    def percentile(self, deployment: Deployment, percent: float) -> float | None:
        """The time that `percent` of 100 answers took at most; `None` while few are known."""
        seconds = self._seconds.get(deployment)
        if seconds is None or len(seconds) < _FEWEST:
            return None
        ordered = sorted(seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100.0))]


class Hedging:
    """Asks, and asks again when the answer is later than most.

    Each of the two is an attempt of its own: its circuit admits it and hears how it ended, and
    what it failed with is noted in the call, whoever wins. Nothing is awaited between having a
    winner and handing it over, so there is no moment in which it could be lost.

    Args:
        attempts: Asks one deployment once.
        circuits: Where no request may go, no second one goes.
        percentile: Of the deployment's own recent times, after which a second request goes out.
        budget: Hedges are repetitions, so they are limited together with retries.
    """

    def __init__(
        self, attempts: Attempts, circuits: CircuitBreakers, percentile: float, budget: RetryBudget
    ) -> None:
        self._attempts = attempts
        self._circuits = circuits
        self._percentile = percentile
        self._budget = budget
        self._latencies = Latencies()
        self._tasks: set[asyncio.Task[Any]] = set()  # the loop itself holds them weakly only

    def carry_over(self, previous: Hedging, unchanged: Collection[str]) -> None:
        """Go on with the times, so that late answers are known as such from the first on."""
        self._latencies.carry_over(previous._latencies, unchanged)

    async def __call__(
        self, call: Call, target: Candidate, second: Candidate, *, as_last_resort: bool = False
    ) -> tuple[Candidate, FrameStream]:
        """The first good answer, with the deployment that gave it.

        Args:
            call: The request.
            target: Whom to ask first.
            second: Whom to ask beside; may be the same.
            as_last_resort: Ask the first though its circuit is open.

        Raises:
            UpstreamError: Neither answered; what the first one said.
        """
        first = self._started(self._timed(call, target, as_last_resort=as_last_resort))
        running = {first: target}
        try:
            wait = self._latencies.percentile(target.deployment, self._percentile)
            done, _ = await asyncio.wait(running, timeout=wait)
            if not done and self._may_ask(second):
                running[self._started(self._timed(call, second))] = second
            winner = await _winner(running, first)
            return running.pop(winner), winner.result()
        finally:
            for loser in running:
                self._give_up(loser)

    def _may_ask(self, second: Candidate) -> bool:
        try:
            self._circuits.check(second.deployment)
        except UpstreamError:
            return False
        return self._budget.spend()

    def _started(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _timed(
        self, call: Call, target: Candidate, *, as_last_resort: bool = False
    ) -> FrameStream:
        loop = asyncio.get_running_loop()
        started = loop.time()
        frames = await self._attempts(call, target, as_last_resort=as_last_resort)
        self._latencies.note(target.deployment, loop.time() - started)
        return frames

    def _give_up(self, loser: _Asking) -> None:
        loser.cancel()
        loser.add_done_callback(self._let_go)

    def _let_go(self, loser: _Asking) -> None:
        """Close an answer that came in the moment in which it was given up."""
        if loser.cancelled():
            return
        error = loser.exception()
        if error is None:
            self._started(loser.result().aclose())
        elif not isinstance(error, UpstreamError):
            # Nobody else hears of it. Its own words may quote the prompt: only the places.
            trace = "".join(traceback.format_tb(error.__traceback__))
            _LOG.error("%s while two deployments were asked\n%s", type(error).__name__, trace)


async def _winner(running: dict[_Asking, Candidate], first: _Asking) -> _Asking:
    """The first that has an answer; without any, the first that was asked."""
    pending = set(running)
    while pending:
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            if task.done() and not task.cancelled() and task.exception() is None:
                return task
    return first
