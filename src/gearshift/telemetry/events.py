"""RequestFinished: what is known of one request once it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gearshift.types import CacheResult, CacheUse, Decision, Deployment, Message, Usage


class RequestFinished(NamedTuple):
    """One finished request, successful or not.

    Attributes:
        decision: With the deployment that answered, or that was tried last.
        dialect: The client's.
        status: HTTP status that the client got; 499 if it went away first.
        streamed: Whether it was answered as a stream.
        duration_seconds: From arrival to the last byte.
        first_token_seconds: From arrival to the first content; `None` if there was none.
        overhead_seconds: The part of it spent in gearshift itself.
        scoring_seconds: The part of that spent scoring.
        usage: Tokens, where the upstream told them.
        load_seconds: Time the engine spent loading the model for it, where told.
        fault: The `FailureKind` that ended it, or `None`.
        attempts: The deployments that failed before, as (deployment, fault).
        client: The name of the API key that it came with, where that has one.
        trace_parent: The client's `traceparent`, if it sent one.
        messages: The conversation; not to be kept unless a setting says so.
        cache: What the answer cache did; `None` where there is none. Of a hit, `usage` is zero.
        saved: Tokens that nobody worked on, because the cache had what they once led to.
        spared: Who would have worked on them, where that is not who is named by the decision.
        is_background: No client has asked: a stale answer was refreshed.
        prompt: The user's words, only where `logging.log_prompts` says so.
    """

    decision: Decision
    dialect: str
    status: int
    streamed: bool
    duration_seconds: float
    first_token_seconds: float | None
    overhead_seconds: float
    scoring_seconds: float
    usage: Usage | None = None
    load_seconds: float | None = None
    fault: str | None = None
    attempts: tuple[tuple[str, str], ...] = ()
    prompt: str | None = None
    client: str | None = None
    trace_parent: str | None = None
    messages: Sequence[Message] = ()
    cache: CacheUse | None = None
    saved: Usage | None = None
    spared: Deployment | None = None
    is_background: bool = False

    @property
    def is_hit(self) -> bool:
        """Whether it was answered from the cache, so that its times are those of no deployment."""
        return self.cache is not None and self.cache.result is CacheResult.HIT


Sink = Callable[[RequestFinished], None]
"""Takes finished requests; must be quick and must not raise."""
