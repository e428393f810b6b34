"""Usage: patterns of the traffic, and what they suggest in plain words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gearshift.admin.context import AdminContext, hours_of
from gearshift.config.loading import Settings
from gearshift.types import JsonObject

_FEWEST = 20
_ENOUGH_JUDGED = 300


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """Requests by hour of the day, kind, length, model, client; repetitions; recommendations."""
    hours = hours_of(query)
    settings = context.llm.settings

    def ask(engine: Any) -> JsonObject:
        from gearshift.decision_log.summary import summarise
        from gearshift.decision_log.usage import unlike_the_rest, usage

        patterns = usage(engine, context.lowest, time.time() - 3_600 * hours)
        summary = summarise(engine, int(time.time() // 3_600) - hours + 1)
        shown: JsonObject = {
            **asdict(patterns),
            "by_hour": _by_hour(summary.hours),
            "unlike": [asdict(client) for client in unlike_the_rest(patterns)],
        }
        totals = summary.to_json(context.lowest)
        return {**shown, "recommendations": recommendations(shown, totals, settings)}

    return {"since": query.get("since", "24h"), **await context.ask_log(ask)}


def _by_hour(rows: Any) -> list[int]:
    """Requests in each hour of the day, UTC."""
    counts = [0] * 24
    for row in rows:
        counts[row["hour"] % 24] += int(row["requests"])
    return counts


def recommendations(usage: JsonObject, totals: JsonObject, settings: Settings) -> list[str]:
    """What the numbers suggest, the most useful first."""
    requests = usage["requests"]
    if requests < _FEWEST:
        return []
    advice = []
    share = totals["simple_tier_percentage"] or 0.0
    if share < 10:
        advice.append(
            f"Only {share:.0f} % of the requests go to the small model. The Threshold page shows "
            "what a higher threshold would do."
        )
    if usage["repeated"] > 0.1 * requests:
        advice.append(
            f"{100 * usage['repeated'] / requests:.0f} % of the requests repeat an earlier prompt; "
            f"{_what_a_cache_needs(settings)}."
        )
    judged = sum(totals["quality"]["judgements"].values())
    if not judged and settings.quality.shadow_share <= 0:
        advice.append(
            "Nothing is known about quality yet. Set quality.shadow_share to 0.1 to have a tenth "
            "of the answers compared in the background."
        )
    elif judged >= _ENOUGH_JUDGED and settings.tiered_routing.scorer == "rule":
        advice.append(
            f"{judged:,} answers are judged, enough to learn from: `gearshift train --out "
            "learned.npz` (requires decision_log.store_prompts)."
        )
    if totals["fallbacks"] > 0.05 * max(1, totals["requests"]):
        advice.append(
            f"{totals['fallbacks']:,} requests were not answered by their first choice. "
            "`gearshift doctor` says why."
        )
    unknown = totals["compute"]["unknown_requests"]
    if unknown > 0.2 * max(1, totals["requests"]):
        advice.append(
            f"The compute of {unknown:,} requests is unknown: neither the model's name nor its "
            "upstream says how large the model is."
        )
    advice += [
        f"Client {client['name']!r} differs from the others: {100 * client['simple']:.0f} % of its "
        "requests go to the small model. An API key with tiers of its own may serve it better."
        for client in usage["unlike"]
    ]
    return advice


def _what_a_cache_needs(settings: Settings) -> str:
    if not settings.cache.enabled:
        return "the cache (cache.enabled: true) could answer them"
    if settings.cache.only_deterministic:
        return "the cache answers them if clients set temperature to 0"
    return "the rest of the conversation, or who asks, keeps the cache from answering them"
