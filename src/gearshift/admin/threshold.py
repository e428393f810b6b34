"""Threshold: what every threshold would do to the traffic of the log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from gearshift.admin.context import AdminContext, hours_of
from gearshift.errors import GearshiftError
from gearshift.types import JsonObject

_STEPS: Final = tuple(step / 4 for step in range(41))
BASELINE: Final = "always-complex on the same tokens"


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """The present threshold, and share, compute and quality at every quarter point."""
    settings = context.llm.settings
    tiers = settings.tiered_routing.ordered_tiers
    since = int(time.time() // 3_600) - hours_of(query) + 1
    saving = context.sizes.saving()

    def ask(engine: Any) -> JsonObject:
        from gearshift.decision_log.scores import scores_since

        counts = scores_since(engine, since)
        quality = _qualities(engine)
        rows = [_row(at, counts, saving, quality.get(at)) for at in _STEPS]
        return {"scored": sum(counts["requests"].values()), "steps": rows}

    return {
        "since": query.get("since", "24h"),
        "threshold": tiers[0].below,
        "can_change": len(tiers) == 2 and context.changer is not None,
        "baseline": BASELINE,
        **await context.ask_log(ask),
    }


def _row(
    threshold: float,
    counts: Mapping[str, Mapping[float, int]],
    saving: float | None,
    quality: JsonObject | None,
) -> JsonObject:
    def below(kind: str) -> float | None:
        total = sum(counts[kind].values())
        if not total:
            return None
        return sum(n for score, n in counts[kind].items() if score < threshold) / total

    tokens = below("tokens")
    return {
        "threshold": threshold,
        "share_simple": below("requests"),
        "compute_saved": None if saving is None or tokens is None else saving * tokens,
        "quality": quality,
    }


def _qualities(engine: Any) -> dict[float, JsonObject]:
    """By judged pairs; empty while there are too few."""
    import numpy as np

    from gearshift.decision_log.judged import judged_requests
    from gearshift.guarantees.replay import Both, quality_at

    try:
        requests = judged_requests(engine)
    except GearshiftError:
        return {}
    both = Both(
        np.array([request.score for request in requests]),
        np.array([request.weak_score for request in requests]),
        np.array([request.strong_score for request in requests]),
        np.array([1.0 / request.propensity for request in requests]),
    )
    estimates = {at: quality_at(both, at) for at in _STEPS}
    return {
        at: {
            "estimate": quality.estimate,
            "ci": list(quality.ci),
            "n": quality.n,
            "method": quality.method,
        }
        for at, quality in estimates.items()
        if quality.ci is not None
    }
