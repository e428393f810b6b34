"""What a request has cost in compute, and what it would have cost on the largest model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from gearshift.telemetry.events import RequestFinished
from gearshift.types import Cause, Usage

_NOT_ROUTED: Final = (Cause.FORCED, Cause.DISABLED)
_WORKED: Final = frozenset({"timeout", "failed", "garbage", "cut_off"})
"""Faults after which an engine has read the prompt for nothing."""

Parameters = Callable[[str, str], float | None]
"""How many parameters a model has, given upstream and model; `None` if nobody knows."""


class Compute(NamedTuple):
    """FLOPs of one request; 2 x parameters x tokens that were worked on.

    Attributes:
        used: On the model that answered, and for the prompt on every model that failed before.
        baseline: On the model that `always-complex` would have asked, same tokens; the same as
            `used` where the client chose model or tier, because that is no merit of routing.
    """

    used: float
    baseline: float


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
        chosen = own if decision.cause in _NOT_ROUTED else largest
        used = own * each
        if event.attempts:
            used += self._wasted(event.attempts, event.usage)
        return Compute(used, chosen * each)

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


def worked_on(usage: Usage) -> int:
    """Tokens that took compute: what was cached of the prompt did not."""
    return max(0, usage.prompt_tokens - usage.cached_tokens) + usage.completion_tokens
