"""Admission: how many requests an upstream may have at once, and how many may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from itertools import count

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.shares import Shares
from gearshift.pipeline.streams import StreamEnd, observed
from gearshift.types import CompleteResponse, Decision, FrameStream

TiersAt = Callable[[str], AbstractSet[str]]
"""The tiers that share an upstream; the empty name stands for models of no tier."""


class NoPlaceError(UpstreamError):
    """Our own queue is full, or was too slow: it says nothing about the upstream."""

    def __init__(self, message: str) -> None:
        super().__init__(message, fault=FailureKind.BUSY, retry_after_seconds=1.0)


class _Waiter:
    __slots__ = ("number", "place", "tier", "turn")

    def __init__(self, tier: str, number: int) -> None:
        self.tier = tier
        self.number = number  # in the order of their coming
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.place: Place | None = None  # from the moment on in which it is given

    def wake(self) -> None:
        """Tell who waits, maybe in another event loop than the one that gave the place."""
        loop = self.turn.get_loop()
        if loop is asyncio.get_running_loop():
            self._resolve()
        else:
            loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        if not self.turn.done():
            self.turn.set_result(None)


class _Gate:
    """The places of one upstream, and who waits for one."""

    __slots__ = (
        "_in_flight",
        "_numbers",
        "_queues",
        "_waiting",
        "max_in_flight",
        "max_queue",
        "tiers",
    )

    def __init__(self) -> None:
        self.max_in_flight = self.max_queue = 0
        self.tiers: AbstractSet[str] = frozenset()
        self._in_flight = Shares()
        self._waiting = Shares()
        self._queues: dict[str, dict[_Waiter, None]] = {}  # by tier
        self._numbers = count()

    @property
    def busy(self) -> int:
        """Who has a place, and who waits for one."""
        return self._in_flight.total + self._waiting.total

    def limit(self, max_in_flight: int, max_queue: int, tiers: AbstractSet[str]) -> None:
        """What holds from now on."""
        self.max_in_flight, self.max_queue, self.tiers = max_in_flight, max_queue, tiers
        self._admit()  # there may be more places than before, or fewer tiers that share them

    def place(self, tier: str) -> Place | None:
        """A place, if there is one for this tier now."""
        if self._waiting.held(tier) or not self._may_enter(tier):
            return None
        return self._taken(tier)

    def _may_enter(self, tier: str) -> bool:
        return self._in_flight.may_take(tier, self.tiers, self.max_in_flight)

    def _taken(self, tier: str) -> Place:
        self._in_flight.take(tier)
        return Place(self, tier)

    def leave(self, tier: str) -> None:
        """A place is free: it goes to the waiting tier that has the fewest."""
        self._in_flight.give_back(tier)
        self._admit()

    def _admit(self) -> None:
        while self._waiting.total:
            first = [next(iter(queue)) for queue in self._queues.values() if queue]
            ready = [waiter for waiter in first if self._may_enter(waiter.tier)]
            if not ready:
                return
            waiter = min(ready, key=lambda one: (self._in_flight.held(one.tier), one.number))
            self.forget(waiter)
            if not waiter.turn.done() and not waiter.turn.get_loop().is_closed():
                waiter.place = self._taken(waiter.tier)
                waiter.wake()

    def queue(self, tier: str) -> _Waiter:
        """A place in the queue.

        Raises:
            NoPlaceError: It is full.
        """
        if not self._waiting.may_take(tier, self.tiers, self.max_queue):
            in_flight, waiting = self._in_flight.total, self._waiting.total
            raise NoPlaceError(f"{in_flight} requests in flight and {waiting} waiting")
        waiter = _Waiter(tier, next(self._numbers))
        self._queues.setdefault(tier, {})[waiter] = None
        self._waiting.take(tier)
        return waiter

    def forget(self, waiter: _Waiter) -> None:
        """Who waited does so no more, whoever says it first."""
        queue = self._queues[waiter.tier]
        if waiter in queue:
            del queue[waiter]
            self._waiting.give_back(waiter.tier)


class Place:
    """One of an upstream's places: given back at the end of its context, or with the frames.

    Example:
        with place:
            return place.kept_by(await provider.send(request, model))
    """

    __slots__ = ("_gate", "_is_kept", "_tier")

    def __init__(self, gate: _Gate, tier: str) -> None:
        self._gate: _Gate | None = gate
        self._tier = tier
        self._is_kept = False

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_kept:
            self.leave()

    def leave(self, _: StreamEnd | None = None) -> None:
        """Give the place back, once."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.leave(self._tier)

    def kept_by(self, frames: FrameStream) -> FrameStream:
        """The same frames; the place is theirs until they end."""
        if isinstance(frames, CompleteResponse):  # the end of the context is soon enough
            return frames
        self._is_kept = True
        return observed(frames, self.leave)


class Admission:
    """A bounded number of requests in flight per upstream, and a bounded queue before it.

    Each upstream has its own gate. Where several tiers share one, each finds a place there and in
    its queue, however many requests of the others hang (see `Shares`); a place that becomes
    free goes to the waiting tier that has the fewest.

    Args:
        max_in_flight: Requests that one upstream works on at the same time, at least 1.
        max_queue: Requests that may wait for it; further ones are refused as busy.
        wait_seconds: How long one may wait.
        tiers_at: Who shares an upstream.
    """

    def __init__(
        self, max_in_flight: int, max_queue: int, wait_seconds: float, tiers_at: TiersAt
    ) -> None:
        self._max_in_flight = max_in_flight
        self._max_queue = max_queue
        self._wait_seconds = wait_seconds
        self._tiers_at = tiers_at
        self._gates: dict[str, _Gate] = {}

    def carry_over(self, previous: Admission, unchanged: Collection[str]) -> None:
        """Count together with the one before, whose limits may differ, at all upstreams."""
        self._gates = previous._gates

    def _gate(self, upstream: str) -> _Gate:
        gate = self._gates.get(upstream)
        if gate is None:
            gate = self._gates[upstream] = _Gate()
        gate.limit(self._max_in_flight, self._max_queue, self._tiers_at(upstream))
        return gate

    def place_at_once(self, upstream: str, tier: str) -> Place | None:
        """A place if there is one now."""
        return self._gate(upstream).place(tier)

    def busy(self, upstream: str) -> int:
        """How many requests an upstream works on, or has waiting."""
        gate = self._gates.get(upstream)
        return 0 if gate is None else gate.busy

    def has_place(self, decision: Decision) -> bool:
        """Whether whoever a decision names could be asked at once."""
        place = self.place_at_once(decision.upstream, decision.tier)
        if place is not None:
            place.leave()
        return place is not None

    async def place(self, upstream: str, tier: str) -> Place:
        """A place, as soon as there is one.

        Raises:
            NoPlaceError: The queue is full, or the wait was too long.
        """
        gate = self._gate(upstream)
        place = gate.place(tier)
        if place is not None:
            return place
        waiter = gate.queue(tier)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await waiter.turn
        except TimeoutError as error:
            if waiter.place is None:
                raise NoPlaceError(f"no free place within {self._wait_seconds:g} s") from error
        except BaseException:
            if waiter.place is not None:
                waiter.place.leave()
            raise
        finally:
            gate.forget(waiter)
        assert waiter.place is not None
        return waiter.place
