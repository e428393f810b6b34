"""A pipeline whose upstreams follow scripts, and which knows what is still held."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.admission import Admission
from gearshift.pipeline.attempts import Attempts
from gearshift.pipeline.call import Call
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.pipeline.fallback import Fallback
from gearshift.pipeline.hedging import Hedging
from gearshift.pipeline.retries import RetryBudget, RetryPolicy
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import (
    Cause,
    ChatRequest,
    Chunk,
    CompleteResponse,
    Decision,
    Deployment,
    Frame,
    FrameStream,
    Operation,
)

ONE = Candidate(Deployment("one", "m"), "openai", "simple")
TWO = Candidate(Deployment("two", "m"), "openai", "simple")
THREE = Candidate(Deployment("two", "large"), "openai", "complex")
DECISION = Decision(
    "dec-1", 0.0, "simple", "m", "one", "openai", 1.0, {}, {}, "why", Cause.SCORED,
    "rule", "1", 3.0, "hash",
)  # fmt: skip


def call(*chain: Candidate) -> Call:
    """A request for these deployments."""
    request = ChatRequest("openai", Operation.CHAT, "auto", [])
    return Call(request, DECISION, chain, time.perf_counter())


def failing(fault: FailureKind = FailureKind.FAILED, message: str = "said") -> UpstreamError:
    return UpstreamError(message, fault=fault)


@dataclass
class Stream:
    """Frames that count as open until they are closed; closing takes a turn of the loop."""

    open_streams: set[int]
    frames: int = 2

    async def read(self) -> Frame | None:
        await asyncio.sleep(0)
        assert id(self) in self.open_streams, "closed under its reader"
        self.frames -= 1
        return Frame(b"x", Chunk("x")) if self.frames >= 0 else None

    async def aclose(self) -> None:
        self.open_streams.discard(id(self))


@dataclass(frozen=True)
class Plan:
    """What an upstream does: after so many seconds (0: turns of the loop) it answers or fails."""

    seconds: float = 0.0
    turns: int = 0
    result: BaseException | str = "stream"


@dataclass
class Upstream:
    """Follows plans in turn, the last one for ever.

    Attributes:
        asked: How often it was asked.
        cancelled: How many of them were given up.
        open_streams: Answers that nobody has closed.
    """

    plans: list[Plan]
    dialect: str = "openai"
    name: str = "scripted"
    upstream: str = "scripted"
    asked: int = 0
    cancelled: int = 0
    open_streams: set[int] = field(default_factory=set)
    kept: list[Stream] = field(default_factory=list)

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        self.asked += 1
        plan = self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]
        try:
            if plan.seconds:
                await asyncio.sleep(plan.seconds)
            for _ in range(plan.turns):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            await asyncio.sleep(0)  # it takes a moment to end
            raise
        if isinstance(plan.result, BaseException):
            raise plan.result
        if plan.result == "whole":
            return CompleteResponse(Frame(b"x", Chunk("x")))
        stream = Stream(self.open_streams)
        self.open_streams.add(id(stream))
        self.kept.append(stream)  # so that no two have the same id
        return stream


class Pipeline:
    """Fallback over retries, hedging, admission and circuits, before scripted upstreams."""

    def __init__(
        self,
        one: Sequence[Plan],
        two: Sequence[Plan] = (Plan(),),
        *,
        hedges: bool = False,
        places: int = 4,
        queue: int = 4,
        retries: int = 0,
        failures: int = 5,
        queue_seconds: float = 60.0,
    ) -> None:
        self.upstreams = {"one": Upstream([*one]), "two": Upstream([*two])}
        self.circuits = CircuitBreakers(self.now, failures=failures)
        tiers = frozenset(("simple", "complex"))
        self.admission = Admission(places, queue, queue_seconds, lambda upstream: tiers)
        self.learned: list[Deployment] = []
        self.attempts = Attempts(
            self.upstreams,
            self.admission,
            self.circuits,
            lambda deployment, *_: self.learned.append(deployment),
        )
        self.budget = RetryBudget(0.2)
        self.hedging = Hedging(self.attempts, self.circuits, 95, self.budget) if hedges else None
        self.fallback = Fallback(
            self.attempts,
            dict.fromkeys(self.upstreams, "openai"),
            policy=RetryPolicy(retries, 0.1, lambda: 0.5),
            budget=self.budget,
            hedging=self.hedging,
        )
        for target in (ONE, TWO, THREE) if self.hedging else ():
            for _ in range(25):
                assert self.hedging is not None
                self.hedging._latencies.note(target.deployment, 0.01)

    @staticmethod
    def now() -> float:
        """The loop's clock; between two loops, the last moment is far away."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 1e9

    async def answer(self, *chain: Candidate) -> Call:
        """Ask, read the answer to its end, and close it, as a client's connection does."""
        asked = call(*(chain or (ONE, TWO)))
        response = await self.fallback(asked)
        try:
            while await response.frames.read() is not None:
                pass
        finally:
            await response.frames.aclose()
        return asked

    def held(self) -> dict[str, object]:
        """What somebody still holds, by its kind; nothing when all is given back."""
        gates = self.admission._gates.items()
        trials = self.circuits._circuits.items()
        found: dict[str, object] = {}
        found |= {f"places {name}": gate._in_flight.total for name, gate in gates}
        found |= {f"queue {name}": gate._waiting.total for name, gate in gates}
        found |= {f"waiters {name}": sum(map(len, gate._queues.values())) for name, gate in gates}
        found |= {f"trial {where}": circuit.trial for where, circuit in trials}
        found |= {f"streams {name}": len(one.open_streams) for name, one in self.upstreams.items()}
        return {kind: held for kind, held in found.items() if held}
