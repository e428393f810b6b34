"""Attempts: one request at one deployment, and everything that is given back when it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from gearshift.errors import FailureKind, UntranslatableError, UpstreamError
from gearshift.pipeline.admission import Admission
from gearshift.pipeline.call import Call
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import ChatRequest, Deployment, FrameStream


class Sender(Protocol):
    """Sends a request to one upstream, as a provider does."""

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model`; returns once the first content, or the whole answer, is there."""
        ...


LearnIncapable = Callable[[Deployment, ChatRequest, UpstreamError], None]
"""Told of a deployment that lacks what a request needs."""


Claim = Callable[[Deployment], Awaitable[None]]
"""Lets one process at a time try a deployment whose circuit is open; raises `COOLDOWN`."""


class Attempts:
    """Asks one deployment once.

    Whatever ends an attempt, its place at the upstream is given back (by the frames, when it
    was an answer), its circuit has learned of it, and no trial is left behind: each of them is
    a context.

    Args:
        providers: Who speaks to each upstream.
        admission: Has the places.
        circuits: Says where a request may go.
        learn_incapable: Told what a deployment cannot do.
        claim: Waits for the right to try a deployment whose circuit is open, where processes
            share that.
    """

    def __init__(
        self,
        providers: Mapping[str, Sender],
        admission: Admission,
        circuits: CircuitBreakers,
        learn_incapable: LearnIncapable,
        claim: Claim | None = None,
    ) -> None:
        self._providers = providers
        self._admission = admission
        self._circuits = circuits
        self._learn_incapable = learn_incapable
        self._claim = claim

    async def __call__(
        self, call: Call, target: Candidate, *, as_last_resort: bool = False
    ) -> FrameStream:
        """The frames of an answer whose first content is there; a failure is noted in the call.

        Raises:
            UpstreamError: There is none; `COOLDOWN` when the deployment was not asked.
        """
        try:
            return await self._asked(call, target, as_last_resort=as_last_resort)
        except UpstreamError as error:
            if error.fault is not FailureKind.COOLDOWN:
                self._note(call, target, error)
            raise

    async def _asked(self, call: Call, target: Candidate, *, as_last_resort: bool) -> FrameStream:
        deployment, admission = target.deployment, self._admission
        upstream, tier = deployment.upstream, target.tier
        place = admission.place_at_once(upstream, tier)
        if place is None:
            # Who would be refused afterwards need not wait for that.
            self._circuits.check(deployment, as_last_resort=as_last_resort)
            place = await admission.place(upstream, tier)
        with place:
            if self._claim is not None and not as_last_resort:
                await self._claim(deployment)
            with self._circuits.attempt(deployment, as_last_resort=as_last_resort):
                frames = await self._providers[upstream].send(call.request, deployment.model)
            return place.kept_by(frames)

    def _note(self, call: Call, target: Candidate, error: UpstreamError) -> None:
        call.attempts.append((str(target.deployment), error))
        if error.fault is FailureKind.INCAPABLE and not isinstance(error, UntranslatableError):
            self._learn_incapable(target.deployment, call.request, error)
