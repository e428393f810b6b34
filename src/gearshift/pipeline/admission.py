"""Admission: how many requests an upstream may have at once, and how many may wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from gearshift.errors import Fault, UpstreamError
from gearshift.pipeline.hedging import Ask
from gearshift.providers.base import Provider
from gearshift.tiered_routing.tier_router import Target
from gearshift.types import ChatRequest, FrameStream, WholeAnswer


@dataclass(slots=True)
class _Gate:
    in_flight: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Admission:
    """A bounded number of requests in flight per upstream, and a bounded queue before it.

    Each upstream has its own gate, so that a slow tier never holds up another.

    Args:
        max_in_flight: Requests that one upstream works on at the same time, at least 1.
        max_queue: Requests that may wait for it; further ones are refused as busy.
        wait_seconds: How long one may wait.
    """

    def __init__(self, max_in_flight: int, max_queue: int, wait_seconds: float) -> None:
        self._max_in_flight = max_in_flight
        self._max_queue = max_queue
        self._wait_seconds = wait_seconds
        self._gates: dict[str, _Gate] = {}

    def adopt(self, other: Admission) -> None:
        """Count together with another one, whose limits may differ."""
        self._gates = other._gates

    def enter_at_once(self, upstream: str) -> bool:
        """Take a place if there is one."""
        gate = self._gates.get(upstream)
        if gate is None:
            gate = self._gates[upstream] = _Gate()
        if gate.in_flight >= self._max_in_flight:
            return False
        gate.in_flight += 1
        return True

    async def enter(self, upstream: str) -> None:
        """Take a place; every entry needs one `leave`.

        Raises:
            UpstreamError: `BUSY`, when the queue is full or the wait was too long.
        """
        if self.enter_at_once(upstream):
            return
        gate = self._gates[upstream]
        if len(gate.waiting) >= self._max_queue:
            raise _busy(f"{gate.in_flight} requests in flight and {len(gate.waiting)} waiting")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        gate.waiting.append(turn)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave(upstream)  # the place came in the same moment as the end of the wait
            else:
                gate.waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise _busy(f"no free place within {self._wait_seconds:g} s") from error
            raise

    def leave(self, upstream: str) -> None:
        """Give the place to the next in the queue, or back."""
        gate = self._gates[upstream]
        while gate.waiting:
            turn = gate.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        gate.in_flight -= 1


def admitted(providers: Mapping[str, Provider], admission: Admission) -> Ask:
    """Asking a deployment, once there is a place at its upstream."""

    async def ask(request: ChatRequest, target: Target) -> FrameStream:
        upstream, model = target.deployment.upstream, target.deployment.model
        if not admission.enter_at_once(upstream):
            await admission.enter(upstream)
        try:
            frames = await providers[upstream].send(request, model)
        except BaseException:
            admission.leave(upstream)
            raise
        if isinstance(frames, WholeAnswer):
            admission.leave(upstream)
            return frames
        return AdmittedFrames(frames, admission, upstream)

    return ask


class AdmittedFrames:
    """The frames of an answer; the place is given back when they are closed."""

    __slots__ = ("_admission", "_frames", "_is_inside", "_upstream", "read")

    def __init__(self, frames: FrameStream, admission: Admission, upstream: str) -> None:
        self.read = frames.read
        self._frames = frames
        self._admission = admission
        self._upstream = upstream
        self._is_inside = True

    async def aclose(self) -> None:
        """Close the frames and leave."""
        if self._is_inside:
            self._is_inside = False
            self._admission.leave(self._upstream)
        await self._frames.aclose()


def _busy(message: str) -> UpstreamError:
    return UpstreamError(message, fault=Fault.BUSY, retry_after_seconds=1.0)
