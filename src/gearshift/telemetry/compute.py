"""What a request has cost in compute, and what it would have cost on the largest model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.telemetry.events import RequestFinished
from gearshift.types import Cause, Usage

_NOT_ROUTED: Final = (Cause.FORCED, Cause.DISABLED)
SHADOW: Final = "shadow"
FAILED: Final = "failed"
SWAP: Final = "swap"
EXTRA: Final = (SHADOW, FAILED, SWAP)
"""Names in a tier's place for compute that answered nobody: repeats and judges, failed attempts,
and the time that engines took to load models."""
LOAD_SECONDS: Final = 0.5
"""From here on an engine has loaded a model; less is the scheduling of one that was there."""
_SHORTEST_SECONDS: Final = 0.1
_WORKED: Final = frozenset({"timeout", "failed", "garbage", "cut_off"})
"""Faults after which an engine has read the prompt for nothing."""

Parameters = Callable[[str, str], float | None]
"""How many parameters a model has, given upstream and model; `None` if nobody knows."""


class Compute(NamedTuple):
    """FLOPs of one request; 2 x parameters x tokens that were worked on.

    Attributes:
        used: On the model that answered.
        baseline: On the model that `always-complex` would have asked, same tokens; the same as
            `used` where the client chose model or tier, because that is no merit of routing.
        failed: On the prompt, by every model that failed before.
        swap: What the engine could have done while it loaded the model, at this answer's pace.
        spared: What a kept answer's tokens would have cost on the model that the request was for;
            no part of `used` or `baseline`.
    """

    used: float
    baseline: float
    failed: float = 0.0
    swap: float = 0.0
    spared: float = 0.0

    @property
    def extra(self) -> dict[str, float]:
        """What was spent beside the answer, by the name it is counted under."""
        return {FAILED: self.failed, SWAP: self.swap} if self.failed or self.swap else {}


@dataclass(frozen=True, slots=True)
class Accounting:
    """Counts compute.

    Args:
        parameters: Sizes of models.
        largest: Gives upstream and model that always-complex would ask.
    """

    parameters: Parameters
    largest: Callable[[], tuple[str, str]]

    def of(self, event: RequestFinished) -> Compute | None:
        """What a request has cost; `None` where tokens or sizes are not known."""
        if event.usage is None:
            return None
        decision = event.decision
        own = self.parameters(decision.upstream, decision.model)
        largest = self.parameters(*self.largest())
        if own is None or largest is None:
            return None
        each = 2.0 * worked_on(event.usage)
        spared = 0.0 if event.saved is None else self._spared(event, event.saved, own)
        if decision.tier == EMBEDDINGS:  # all of it on their own account: nothing was routed
            swap = _swap(event, own * each)
            spent = own * each + self._wasted(event.attempts, event.usage) + swap
            return Compute(spent, spent, spared=spared)
        chosen = own if decision.cause in _NOT_ROUTED else largest
        used = own * each
        if not event.attempts and event.load_seconds is None:
            return Compute(used, chosen * each, spared=spared)
        failed = self._wasted(event.attempts, event.usage)
        return Compute(used, chosen * each, failed, _swap(event, used), spared)

    def _spared(self, event: RequestFinished, saved: Usage, own: float) -> float:
        """What kept tokens would have cost on the model that would have been asked for them."""
        if event.spared is not None:
            own = self.parameters(event.spared.upstream, event.spared.model) or 0.0
        return own * 2.0 * worked_on(saved)

    def _wasted(self, attempts: tuple[tuple[str, str], ...], usage: Usage) -> float:
        """What models that failed have spent on the prompt; their answers are not counted."""
        read = 2.0 * max(0, usage.prompt_tokens - usage.cached_tokens)
        wasted = 0.0
        for deployment, fault in attempts:
            if fault in _WORKED:
                upstream, _, model = deployment.partition("/")
                wasted += read * (self.parameters(upstream, model) or 0.0)
        return wasted

    def flops(self, upstream: str, model: str, usage: Usage) -> float | None:
        """What an answer costs on a model; `None` where its size is not known."""
        parameters = self.parameters(upstream, model)
        return None if parameters is None else parameters * 2.0 * worked_on(usage)


def _swap(event: RequestFinished, used: float) -> float:
    load = event.load_seconds
    if load is None or load <= LOAD_SECONDS:
        return 0.0
    return used * load / max(event.duration_seconds - load, _SHORTEST_SECONDS)


def worked_on(usage: Usage) -> int:
    """Tokens that took compute: what was cached of the prompt did not."""
    return max(0, usage.prompt_tokens - usage.cached_tokens) + usage.completion_tokens
