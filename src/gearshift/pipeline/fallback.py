"""Fallback: asks the candidates in turn until one gives its first content."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from gearshift.errors import ExhaustedError, FailureKind, UpstreamError
from gearshift.pipeline.admission import NoPlaceError
from gearshift.pipeline.attempts import Attempts
from gearshift.pipeline.call import Call
from gearshift.pipeline.hedging import Hedging
from gearshift.pipeline.retries import RetryBudget, RetryPolicy
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Cause, ChatResponse, Decision, FrameStream


class Fallback:
    """Picks the deployment that answers.

    Deployments whose circuit is open are passed over. The first whose first content arrives
    answers; the decision in the response names it.

    Args:
        attempts: Asks one deployment once.
        dialects: The dialect of each upstream's answers.
        policy: When the same deployment is asked again.
        budget: How many repetitions there may be.
        hedging: Asks in place of `attempts`, where it is turned on.
    """

    def __init__(
        self,
        attempts: Attempts,
        dialects: Mapping[str, str],
        *,
        policy: RetryPolicy,
        budget: RetryBudget,
        hedging: Hedging | None,
    ) -> None:
        self._attempts = attempts
        self._dialects = dialects
        self._policy = policy
        self._budget = budget
        self._hedging = hedging

    async def __call__(self, call: Call) -> ChatResponse:
        """Answer the call.

        Raises:
            UpstreamError: The client's own fault (`REJECTED`), or nobody is capable.
            ExhaustedError: Every deployment failed.
        """
        self._budget.earn()
        passed_over: list[int] = []
        for position in range(len(call.candidates)):
            answer = await self._tried(call, position, passed_over)
            if answer is not None:
                return self._answered(call, *answer)
        if len(passed_over) < len(call.candidates):
            # Those who were asked have failed: better one more try than no answer.
            for position in passed_over:
                answer = await self._tried(call, position, None)
                if answer is not None:
                    return self._answered(call, *answer)
        errors = [error for _, error in call.attempts]
        if errors and all(error.fault is FailureKind.INCAPABLE for error in errors):
            raise errors[0]
        raise ExhaustedError(call.attempts)

    async def _tried(
        self, call: Call, position: int, passed_over: list[int] | None
    ) -> tuple[Candidate, FrameStream] | None:
        """Ask one deployment, again after a wait if that may help; `None` when it failed.

        Where its circuit is open, its position goes to `passed_over`; without that list it is
        asked all the same, as a last resort.
        """
        attempt = 0
        while True:
            attempt += 1
            started = time.perf_counter()
            try:
                return await self._asked(call, position, as_last_resort=passed_over is None)
            except UpstreamError as error:
                if error.fault is FailureKind.COOLDOWN:
                    if attempt == 1 and passed_over is not None:
                        passed_over.append(position)
                        call.attempts.append((str(call.candidates[position].deployment), error))
                    return None
                if not error.permits_fallback:
                    raise
                # Its frames hold the call, which holds it.
                error.__traceback__ = None
                wait = self._wait(call, position, attempt, error)
            finally:
                call.upstream_seconds += time.perf_counter() - started
            if wait is None or passed_over is None:
                return None
            call.upstream_seconds += wait  # it is not our own work
            await asyncio.sleep(wait)

    async def _asked(
        self, call: Call, position: int, *, as_last_resort: bool
    ) -> tuple[Candidate, FrameStream]:
        target = call.candidates[position]
        if self._hedging is None:
            return target, await self._attempts(call, target, as_last_resort=as_last_resort)
        second = _sibling(call, position) or target
        return await self._hedging(call, target, second, as_last_resort=as_last_resort)

    def _wait(self, call: Call, position: int, attempt: int, error: UpstreamError) -> float | None:
        if isinstance(error, NoPlaceError):
            return None
        wait = self._policy.wait(
            attempt,
            error.fault,
            has_sibling=_sibling(call, position) is not None,
            is_last=position == len(call.candidates) - 1,
        )
        return wait if wait is not None and self._budget.spend() else None

    def _answered(self, call: Call, target: Candidate, frames: FrameStream) -> ChatResponse:
        deployment = target.deployment
        if call.attempts or target is not call.candidates[0]:
            call.decision = _answered_by(call, target)
        overhead = time.perf_counter() - call.started_at - call.upstream_seconds
        dialect = self._dialects[deployment.upstream]
        return ChatResponse(call.decision, dialect, frames, max(0.0, overhead))


def _sibling(call: Call, position: int) -> Candidate | None:
    """The next candidate, if it is of the same tier."""
    following = call.candidates[position + 1] if position + 1 < len(call.candidates) else None
    return following if following and following.tier == call.candidates[position].tier else None


def _answered_by(call: Call, target: Candidate) -> Decision:
    """The decision, naming the deployment that answered instead of the one asked first."""
    decision = call.decision
    if target.deployment == decision.deployment:
        return decision
    first = call.candidates[0]
    moved = f"{first.tier}->{target.tier}"
    if first.tier == target.tier or not target.tier:
        moved = f"{first.deployment}->{target.deployment}"
    incapable = all(error.fault is FailureKind.INCAPABLE for _, error in call.attempts)
    cause = Cause.CAPABILITY if call.attempts and incapable else Cause.FALLBACK
    # Not the upstream's own words: they may quote the prompt, and this line is logged.
    failures = ", ".join(f"{name}: {error.fault.value}" for name, error in call.attempts)
    return decision._replace(
        tier=target.tier or decision.tier,
        model=target.deployment.model,
        upstream=target.deployment.upstream,
        provider=target.provider,
        cause=cause,
        fallback=moved,
        reason=f"{decision.reason}; answered by {target.deployment} because {failures or 'slow'}",
    )
