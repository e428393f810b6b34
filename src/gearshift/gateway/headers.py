"""Response headers that tell the decision."""

from __future__ import annotations

from urllib.parse import quote

from gearshift.types import Decision

# Printable ASCII that needs no escaping in a header; the rest is percent-encoded.
_SAFE = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


def decision_headers(decision: Decision, overhead_seconds: float | None = None) -> dict[str, str]:
    """`x-gearshift-*` for one decision; every value is printable ASCII."""
    headers = {
        "x-gearshift-decision-id": decision.id,
        "x-gearshift-tier": _ascii(decision.tier),
        "x-gearshift-model": _ascii(decision.model),
        "x-gearshift-upstream": _ascii(decision.upstream),
        "x-gearshift-reason": _ascii(decision.reason),
        "x-gearshift-scorer": _ascii(decision.scorer),
        "x-gearshift-threshold": f"{decision.threshold:g}",
        "x-gearshift-cache": "bypass",
    }
    if decision.score is not None:
        headers["x-gearshift-score"] = f"{decision.score:.2f}"
    if decision.fallback is not None:
        headers["x-gearshift-fallback"] = _ascii(decision.fallback)
    if overhead_seconds is not None:
        headers["x-gearshift-overhead-us"] = str(round(overhead_seconds * 1e6))
    return headers


def _ascii(text: str) -> str:
    if len(text) <= 1000 and "%" not in text and text.isascii() and text.isprintable():
        return text
    return quote(text[:1000], safe=_SAFE, errors="replace")
