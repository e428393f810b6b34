"""What a client's headers say about the cache, and which requests pass it by whatever they say."""

from __future__ import annotations

from typing import Final

from gearshift.types import ChatRequest, Decision

NO_STORE: Final = "no-store"
NO_CACHE: Final = "no-cache"


def wish_of(request: ChatRequest) -> str:
    """What the client's headers say: `no-store`, `no-cache` or nothing."""
    own, headers = request.cache_control, request.headers
    if not own and "cache-control" not in headers:
        return ""
    ours = _words(own)
    words = ours | _words(headers.get("cache-control", ""))
    # A word of ours that was misspelt is taken for the careful one.
    if NO_STORE in words or ours - {NO_CACHE}:
        return NO_STORE
    return NO_CACHE if words & {NO_CACHE, "max-age=0"} else ""


def is_compared(decision: Decision) -> bool:
    """Whether chance had a say, so that its answer is compared with others'."""
    return decision.propensity < 1 or decision.arms is not None or decision.sample_rate is not None


def _words(header: str) -> set[str]:
    return {word for part in header.lower().split(",") if (word := "".join(part.split()))}
