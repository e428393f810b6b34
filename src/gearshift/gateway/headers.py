"""Response headers that tell the decision."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import quote

from gearshift.types import CacheResult, Decision

EXPOSED: Final = ", ".join(
    (
        *(
            f"x-gearshift-{name}"
            for name in (
                *("decision-id", "tier", "model", "upstream", "score", "reason", "scorer"),
                *("threshold", "cache", "fallback", "overhead-us", "version"),
            )
        ),
        "retry-after",
    )
)
"""The headers that a page may read of an answer from here, beside those that any page may."""

# Printable ASCII that needs no escaping in a header; the rest is percent-encoded.
_SAFE = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


def decision_headers(
    decision: Decision,
    overhead_seconds: float | None = None,
    cache: CacheResult = CacheResult.BYPASS,
) -> dict[str, str]:
    """`x-gearshift-*` for one decision; every value is printable ASCII."""
    fields = _told(
        decision.tier,
        decision.model,
        decision.upstream,
        decision.reason,
        decision.scorer,
        decision.threshold,
        decision.score,
        decision.fallback,
        cache.value,
    )
    headers = {"x-gearshift-decision-id": decision.id, **fields}
    if overhead_seconds is not None:
        headers["x-gearshift-overhead-us"] = str(round(overhead_seconds * 1e6))
    return headers


@lru_cache(maxsize=128)  # what is decided the same is told the same
def _told(
    tier: str,
    model: str,
    upstream: str,
    reason: str,
    scorer: str,
    threshold: float,
    score: float | None,
    fallback: str | None,
    cache: str,
) -> dict[str, str]:
    headers = {
        "x-gearshift-tier": _ascii(tier),
        "x-gearshift-model": _ascii(model),
        "x-gearshift-upstream": _ascii(upstream),
        "x-gearshift-reason": _ascii(reason),
        "x-gearshift-scorer": _ascii(scorer),
        "x-gearshift-threshold": f"{threshold:g}",
        "x-gearshift-cache": cache,
    }
    if score is not None:
        headers["x-gearshift-score"] = f"{score:.2f}"
    if fallback is not None:
        headers["x-gearshift-fallback"] = _ascii(fallback)
    return headers


def _ascii(text: str) -> str:
    if len(text) <= 1000 and "%" not in text and text.isascii() and text.isprintable():
        return text
    return quote(text[:1000], safe=_SAFE, errors="replace")
