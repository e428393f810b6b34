"""Answering: a request planned, sent to where its conversation and its prefix are, and answered."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Sequence

from gearshift.pipeline.call import Call
from gearshift.pipeline.in_flight import InFlight
from gearshift.pipeline.prefix_affinity import PrefixAffinity
from gearshift.pipeline.upstreams import Upstreams
from gearshift.planning.planner import Planner
from gearshift.planning.staying import after, staying
from gearshift.shared_state.sessions import Sessions
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import CacheResult, ChatRequest, ChatResponse, Decision, EmbeddingRequest


class Answering:
    """The way of a request from its plan to its answer.

    Args:
        planner: Decides.
        upstreams: Whom to ask, through their pipeline.
        in_flight: Counts.
        sessions: Where conversations were answered last, as all processes know; or `None`.
        tiers: All names, the smallest first.
    """

    def __init__(
        self,
        planner: Planner,
        upstreams: Upstreams,
        in_flight: InFlight,
        sessions: Sessions | None,
        tiers: Sequence[str],
    ) -> None:
        self._planner = planner
        self._health, self._circuits = upstreams.health, upstreams.circuits
        self._affinity: PrefixAffinity | None = upstreams.affinity
        self._handler = upstreams.pipeline.handler
        self._embedder = upstreams.pipeline.embedder
        self._in_flight = in_flight
        self._sessions = sessions
        self._tiers = tiers

    def answer(self, request: ChatRequest) -> Awaitable[ChatResponse]:
        """Have a chat or a completion answered."""
        started = request.received_at or time.perf_counter()
        sessions = self._sessions
        if sessions is not None and request.session is not None:
            return self._turn(request, sessions, started)
        return self._handled(self._begun(request, started))

    def embed(self, request: EmbeddingRequest) -> Awaitable[ChatResponse]:
        """Have all inputs turned into vectors."""
        started = request.received_at or time.perf_counter()
        plan = self._planner.plan_embedding(request, self._health.topology)
        self._in_flight.begun()
        return self._embedder(Call(request, plan.decision, plan.candidates, started))

    async def recall(self, request: ChatRequest) -> None:
        """Note in a request where its conversation was answered last, where that is known."""
        if self._sessions is not None and request.session is not None:
            request.kept = await self._sessions.of(request)

    def _begun(self, request: ChatRequest, started: float) -> Call:
        plan = self._planner.plan(request, self._health.topology)
        self._in_flight.begun()
        return Call(request, plan.decision, plan.candidates, started, plan.scoring_seconds)

    def _handled(self, call: Call) -> Awaitable[ChatResponse]:
        affinity = self._affinity
        if affinity is None or len(call.candidates) < 2:
            return self._handler(call)
        return self._near_its_prefix(call, affinity)

    async def _near_its_prefix(self, call: Call, affinity: PrefixAffinity) -> ChatResponse:
        call.candidates, prefixes = affinity.ordered(call.request, call.candidates)
        call.decision = _going_to(call.decision, call.candidates[0])
        response = await self._handler(call)
        if response.cache is not CacheResult.HIT:
            affinity.learn(prefixes, response.decision.deployment)
        return response

    async def _turn(self, request: ChatRequest, sessions: Sessions, started: float) -> ChatResponse:
        """Answer a turn of a conversation that all processes know."""
        with self._in_flight.one():  # it is not closed under us
            await self.recall(request)
            call = self._begun(request, started)
        kept, planned = request.kept, call.decision
        if kept is not None:
            call.candidates = staying(call.candidates, kept, self._circuits.passes)
            call.decision = planned = _going_to(planned, call.candidates[0])
        response = await self._handled(call)
        if response.cache is not CacheResult.HIT:
            session = after(kept, planned, response.decision, self._tiers)
            if session is not None:
                sessions.keep(request, session)
        return response


def _going_to(decision: Decision, first: Candidate) -> Decision:
    """The decision for another deployment of the same model."""
    upstream = first.deployment.upstream
    if upstream == decision.upstream:
        return decision
    return decision._replace(upstream=upstream, provider=first.provider)
