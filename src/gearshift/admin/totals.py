"""Totals: the design's seven numbers, since they were last reset."""

from __future__ import annotations

from collections.abc import Mapping

from gearshift.admin.context import AdminContext
from gearshift.types import JsonObject


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """Requests of the lowest and the highest tier, their mean scores, fallbacks."""
    from gearshift.decision_log.changes import totals

    del query
    tiers = context.llm.settings.tiered_routing.ordered_tiers
    sums = await context.ask_log(totals)
    low, high = sums.get(tiers[0].name, {}), sums.get(tiers[-1].name, {})
    requests = sum(int(total["requests"]) for total in sums.values())
    simple = int(low.get("requests", 0))
    return {
        "simple_tier_requests": simple,
        "complex_tier_requests": int(high.get("requests", 0)),
        "total_requests": requests,
        "simple_tier_percentage": 100.0 * simple / requests if requests else 0.0,
        "avg_simple_score": _mean(low),
        "avg_complex_score": _mean(high),
        "fallback_count": sum(int(total["fallbacks"]) for total in sums.values()),
    }


def _mean(sums: Mapping[str, float]) -> float:
    return sums["score_sum"] / sums["scored"] if sums.get("scored") else 0.0


async def reset(context: AdminContext, body: JsonObject) -> JsonObject:
    """Count from zero."""
    from gearshift.decision_log.changes import reset_totals

    del body
    await context.ask_log(reset_totals)
    return await facts(context, {})
