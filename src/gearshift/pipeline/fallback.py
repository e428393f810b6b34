"""Fallback: asks the deployments of a chain in turn until one gives its first content."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gearshift.errors import ExhaustedError, Fault, UpstreamError
from gearshift.pipeline.admission import Admission, AdmittedFrames
from gearshift.pipeline.call import Call
from gearshift.pipeline.cooldown import Cooldown
from gearshift.providers.base import Provider
from gearshift.tiered_routing.tier_router import Target
from gearshift.types import Cause, ChatRequest, ChatResponse, Decision, Deployment, FrameStream

LearnIncapable = Callable[[Deployment, ChatRequest, UpstreamError], None]
"""Told of a deployment that lacks what a request needs."""


class Fallback:
    """The innermost step: picks the deployment that answers.

    Deployments in cooldown are passed over while another one is left. The first whose first
    content arrives answers; the decision in the response names it.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        cooldown: Cooldown,
        admission: Admission,
        learn_incapable: LearnIncapable,
    ) -> None:
        self._providers = providers
        self._admission = admission
        self._cooldown = cooldown
        self._learn_incapable = learn_incapable

    async def __call__(self, call: Call) -> ChatResponse:
        """Answer the call.

        Raises:
            UpstreamError: The client's own fault (`REJECTED`), or nobody is capable.
            ExhaustedError: Every deployment failed.
        """
        for target in self._in_turn(call):
            response = await self._attempt(call, target)
            if response is not None:
                return response
        errors = [error for _, error in call.attempts]
        if errors and all(error.fault is Fault.INCAPABLE for error in errors):
            raise errors[0]
        raise ExhaustedError(call.attempts)

    def _in_turn(self, call: Call) -> Sequence[Target]:
        cooling = [target for target in call.chain if self._cooldown.active(target.deployment)]
        if not cooling or len(cooling) == len(call.chain):
            return call.chain
        for target in cooling:
            self._note_cooling(call, target)
        return [target for target in call.chain if target not in cooling]

    def _note_cooling(self, call: Call, target: Target) -> None:
        reason = self._cooldown.active(target.deployment)
        if reason is not None:
            fault, message = reason
            said = UpstreamError(f"in cooldown after: {message or fault.value}", fault=fault)
            call.attempts.append((str(target.deployment), said))

    async def _attempt(self, call: Call, target: Target) -> ChatResponse | None:
        deployment = target.deployment
        started = time.perf_counter()
        try:
            frames = await self._send(call.request, deployment)
        except UpstreamError as error:
            self._note_failure(call, target, error)
            if not error.permits_fallback:
                raise
            return None
        finally:
            call.upstream_seconds += time.perf_counter() - started
        self._cooldown.succeeded(deployment)
        call.decision = _answered_by(call, target)
        overhead = time.perf_counter() - call.started_at - call.upstream_seconds
        dialect = self._providers[deployment.upstream].dialect
        return ChatResponse(call.decision, dialect, frames, max(0.0, overhead))

    async def _send(self, request: ChatRequest, deployment: Deployment) -> FrameStream:
        await self._admission.enter(deployment.upstream)
        try:
            provider = self._providers[deployment.upstream]
            frames = await provider.send(request, deployment.model)
        except BaseException:
            self._admission.leave(deployment.upstream)
            raise
        return AdmittedFrames(frames, self._admission, deployment.upstream)

    def _note_failure(self, call: Call, target: Target, error: UpstreamError) -> None:
        call.attempts.append((str(target.deployment), error))
        # Our own queue being full says nothing about the upstream.
        if error.fault is not Fault.BUSY or error.status is not None:
            self._cooldown.failed(
                target.deployment, error.fault, error.message, error.retry_after_seconds
            )
        if error.fault is Fault.INCAPABLE:
            self._learn_incapable(target.deployment, call.request, error)


def _answered_by(call: Call, target: Target) -> Decision:
    """The decision, naming the deployment that answered instead of the one asked first."""
    decision = call.decision
    if target.deployment == decision.deployment:
        return decision
    first = call.chain[0]
    moved = f"{first.tier}->{target.tier}"
    if first.tier == target.tier or not target.tier:
        moved = f"{first.deployment}->{target.deployment}"
    incapable = all(error.fault is Fault.INCAPABLE for _, error in call.attempts)
    cause = Cause.CAPABILITY if call.attempts and incapable else Cause.FALLBACK
    # Not the upstream's own words: they may quote the prompt, and this line is logged.
    said = ", ".join(f"{name}: {error.fault.value}" for name, error in call.attempts)
    return replace(
        decision,
        tier=target.tier or decision.tier,
        model=target.deployment.model,
        upstream=target.deployment.upstream,
        provider=target.provider,
        cause=cause,
        fallback=moved,
        reason=f"{decision.reason}; answered by {target.deployment} because {said}",
    )
