"""Fallback: asks the deployments of a chain in turn until one gives its first content."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from gearshift.errors import ExhaustedError, Fault, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.pipeline.circuits import Circuits
from gearshift.pipeline.hedging import Ask, Hedging
from gearshift.pipeline.retries import RetryBudget, RetryPolicy
from gearshift.tiered_routing.tier_router import Target
from gearshift.types import Cause, ChatRequest, ChatResponse, Decision, Deployment, FrameStream

LearnIncapable = Callable[[Deployment, ChatRequest, UpstreamError], None]
"""Told of a deployment that lacks what a request needs."""


class Fallback:
    """Picks the deployment that answers.

    Deployments whose circuit is open are passed over. The first whose first content arrives
    answers; the decision in the response names it.

    Args:
        ask: Asks one deployment once.
        dialects: The dialect of each upstream's answers.
        circuits: Told of each failure and success.
        policy: When the same deployment is asked again.
        budget: How many repetitions there may be.
        hedging: Asks in place of `ask`, where it is turned on.
        learn_incapable: Told what a deployment cannot do.
    """

    def __init__(
        self,
        ask: Ask,
        dialects: Mapping[str, str],
        circuits: Circuits,
        *,
        policy: RetryPolicy,
        budget: RetryBudget,
        hedging: Hedging | None,
        learn_incapable: LearnIncapable,
    ) -> None:
        self._ask = ask
        self._dialects = dialects
        self._circuits = circuits
        self._policy = policy
        self._budget = budget
        self._hedging = hedging
        self._learn_incapable = learn_incapable

    async def __call__(self, call: Call) -> ChatResponse:
        """Answer the call.

        Raises:
            UpstreamError: The client's own fault (`REJECTED`), or nobody is capable.
            ExhaustedError: Every deployment failed.
        """
        self._budget.earn()
        passed_over: list[int] = []
        for position in range(len(call.chain)):
            frames = await self._attempts(call, position, passed_over)
            if frames is not None:
                return self._answered(call, *frames)
        if len(passed_over) < len(call.chain):
            # Those who were asked have failed: better one more try than no answer.
            for position in passed_over:
                frames = await self._attempts(call, position, None)
                if frames is not None:
                    return self._answered(call, *frames)
        errors = [error for _, error in call.attempts]
        if errors and all(error.fault is Fault.INCAPABLE for error in errors):
            raise errors[0]
        raise ExhaustedError(call.attempts)

    async def _attempts(
        self, call: Call, position: int, passed_over: list[int] | None
    ) -> tuple[Target, FrameStream] | None:
        """Ask one deployment, again after a wait if that may help; `None` when it failed.

        Where its circuit is open, its position goes to `passed_over`; without that list it is
        asked all the same, as a last resort.
        """
        target = call.chain[position]
        attempt = 0
        while self._circuits.admits(target.deployment, as_last_resort=passed_over is None):
            attempt += 1
            started = time.perf_counter()
            try:
                return await self._asked(call, position, target)
            except asyncio.CancelledError:
                self._circuits.released(target.deployment)
                raise
            except UpstreamError as error:
                self._note_failure(call, target, error)
                if not error.permits_fallback:
                    raise
                wait = self._wait(call, position, attempt, error)
            finally:
                call.upstream_seconds += time.perf_counter() - started
            if wait is None or passed_over is None:
                return None
            call.upstream_seconds += wait  # it is not our own work
            await asyncio.sleep(wait)
        if attempt == 0 and passed_over is not None:
            passed_over.append(position)
            refusal = self._circuits.refusal(target.deployment)
            if refusal is not None:
                call.attempts.append((str(target.deployment), refusal))
        return None

    async def _asked(self, call: Call, position: int, target: Target) -> tuple[Target, FrameStream]:
        if self._hedging is None:
            return target, await self._ask(call.request, target)
        return await self._hedging(call.request, target, _sibling(call, position) or target)

    def _wait(self, call: Call, position: int, attempt: int, error: UpstreamError) -> float | None:
        if _is_our_queue(error):
            return None
        wait = self._policy.wait(
            attempt,
            error.fault,
            has_sibling=_sibling(call, position) is not None,
            is_last=position == len(call.chain) - 1,
        )
        return wait if wait is not None and self._budget.spend() else None

    def _answered(self, call: Call, target: Target, frames: FrameStream) -> ChatResponse:
        deployment = target.deployment
        self._circuits.succeeded(deployment)
        if call.attempts or target is not call.chain[0]:
            call.decision = _answered_by(call, target)
        overhead = time.perf_counter() - call.started_at - call.upstream_seconds
        dialect = self._dialects[deployment.upstream]
        return ChatResponse(call.decision, dialect, frames, max(0.0, overhead))

    def _note_failure(self, call: Call, target: Target, error: UpstreamError) -> None:
        call.attempts.append((str(target.deployment), error))
        if _is_our_queue(error):  # that says nothing about the upstream
            self._circuits.released(target.deployment)
        else:
            self._circuits.failed(target.deployment, error)
        if error.fault is Fault.INCAPABLE:
            self._learn_incapable(target.deployment, call.request, error)


def _is_our_queue(error: UpstreamError) -> bool:
    return error.fault is Fault.BUSY and error.status is None


def _sibling(call: Call, position: int) -> Target | None:
    """The next deployment of the chain, if it is of the same tier."""
    following = call.chain[position + 1] if position + 1 < len(call.chain) else None
    return following if following and following.tier == call.chain[position].tier else None


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
    return decision._replace(
        tier=target.tier or decision.tier,
        model=target.deployment.model,
        upstream=target.deployment.upstream,
        provider=target.provider,
        cause=cause,
        fallback=moved,
        reason=f"{decision.reason}; answered by {target.deployment} because {said or 'slow'}",
    )
