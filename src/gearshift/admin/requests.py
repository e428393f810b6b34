"""Requests: a list that can be narrowed, and one decision explained."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlencode

from gearshift.admin.context import AdminContext, hours_of
from gearshift.errors import RequestError
from gearshift.types import JsonObject

_FACTORS = ("length", "code", "technical", "multi_step", "question")


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """A page of requests, the newest first."""
    from gearshift.decision_log.recent import TEXTS, Filters, recent

    wanted = {name: query[name] for name in TEXTS if name in query}
    since = time.time() - 3_600 * hours_of(query)
    filters = Filters(wanted, since, failed=query.get("failed") == "1")
    after = _after(query.get("after"))
    page = await context.ask_log(lambda engine: recent(engine, filters, after))
    more = None
    if page.after is not None:
        more = urlencode({**query, "after": f"{page.after[0]!r},{page.after[1]}"})
    return {
        "since": query.get("since", "24h"),
        "filters": {**wanted, **({"failed": "1"} if filters.failed else {})},
        "tiers": [tier.name for tier in context.llm.settings.tiered_routing.ordered_tiers],
        "requests": page.rows,
        "next": more,
    }


def _after(text: str | None) -> tuple[float, str] | None:
    if text is None:
        return None
    moment, _, name = text.partition(",")
    try:
        return float(moment), name
    except ValueError as error:
        raise RequestError(
            "'after' must be the value that an earlier page returned", field="after"
        ) from error


async def one(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """One decision with its factors, what would flip it, and what judges said.

    Raises:
        RequestError: 404 for one that nobody knows.
    """
    from gearshift.decision_log.recent import one as find

    name = query.get("id", "")
    decision = await context.ask_log(lambda engine: find(engine, name))
    if decision is None:
        raise RequestError(f"no decision {name[:60]!r} in the log", status=404)
    return {"decision": decision, "explained": _explained(context, decision)}


def _explained(context: AdminContext, decision: JsonObject) -> JsonObject | None:
    """The rule's contributions and the nearest change; `None` where the rule did not decide."""
    from gearshift.tiered_routing.complexity_scorer import WEIGHTS, ComplexityResult

    if decision["scorer"] != "rule" or decision["score"] is None:
        return None
    factors = {name: decision[name] or 0.0 for name in _FACTORS}
    contributions = {name: factors[name] * WEIGHTS[name] * 10 / 3 for name in _FACTORS}
    tiers = context.llm.settings.tiered_routing.ordered_tiers
    result = ComplexityResult(
        decision["score"],
        factors,
        contributions,
        decision["tier"],
        decision["threshold"],
        bounds=tuple((tier.name, tier.below) for tier in tiers),
    )
    return {
        "factors": factors,
        "contributions": contributions,
        "flip": result.reasoning.rpartition("; ")[2],
    }
