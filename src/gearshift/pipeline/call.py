"""Call: one request with its decision, on its way through the pipeline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gearshift.errors import UpstreamError
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import CacheUse, ChatRequest, ChatResponse, Decision, Deployment, Usage


@dataclass(slots=True)
class Call:
    """What every step of the pipeline sees.

    Attributes:
        decision: Made once; replaced by the fallback step when another deployment answers.
        candidates: Whom to ask, in order.
        started_at: `time.perf_counter()` at arrival.
        scoring_seconds: Time the scorer took.
        upstream_seconds: Time spent waiting for upstreams so far; overhead is the rest.
        attempts: Deployments that failed, with what they said.
        cache: What the answer cache did; `None` where there is none.
        is_from_cache: It is answered with a kept answer; nobody was asked.
        saved: Tokens of what was kept, which its answer tells too, but nobody worked on now.
        spared: Who would have worked on them.
        is_background: No client waits for it.
    """

    request: ChatRequest
    decision: Decision
    candidates: tuple[Candidate, ...]
    started_at: float
    scoring_seconds: float = 0.0
    upstream_seconds: float = 0.0
    attempts: list[tuple[str, UpstreamError]] = field(default_factory=list)
    cache: CacheUse | None = None
    is_from_cache: bool = False
    saved: Usage | None = None
    spared: Deployment | None = None
    is_background: bool = False


Handler = Callable[[Call], Awaitable[ChatResponse]]
"""One step of the pipeline: a call in, an answer whose first content is there out."""
