"""Overview: what goes where, what it saves, how quick it is, and who is well."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from gearshift.admin.context import AdminContext, hours_of
from gearshift.catalog.prices import prices_of
from gearshift.telemetry.compute import EXTRA
from gearshift.types import JsonObject


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """Everything of the page; what needs no log is there without one."""
    hours = hours_of(query)
    shown: JsonObject = {"since": query.get("since", "24h"), "upstreams": health(context)}
    if context.has_log:
        now = int(time.time() // 3_600)
        shown |= await context.ask_log(lambda engine: _logged(engine, context, now, hours))
    return shown


def _logged(engine: Any, context: AdminContext, now: int, hours: int) -> JsonObject:
    from gearshift.decision_log.lease import holder_of
    from gearshift.decision_log.summary import summarise
    from gearshift.guarantees.alarms import CHECKS
    from gearshift.quality.alarm_record import kept_alarms
    from gearshift.quality.day import last_day

    first = now - hours + 1
    summary = summarise(engine, first)
    day = last_day(engine, time.time(), context.lowest)
    owner = holder_of(engine)
    return {
        **summary.to_json(context.lowest, prices_of(context.llm.settings)),
        "over_time": _over_time(summary.hours, first, now),
        "quality_bound": bound(day.losses, day.judged),
        "alarms": [
            {"name": alarm.name, "since": alarm.since, "message": alarm.message}
            for alarm in kept_alarms(engine)
        ],
        "alarm_names": list(CHECKS),
        "log_owner": owner.name if owner else None,
    }


def bound(losses: int, judged: int) -> JsonObject:
    """The share of the small model's answers that are worse, and what it is at most (95 %)."""
    from gearshift.guarantees.wilson import share_interval

    if not judged:
        return {"judged": 0, "losses": 0, "estimate": None, "ci": None}
    share = losses / judged
    return {
        "judged": judged,
        "losses": losses,
        "estimate": share,
        "ci": list(share_interval(share, judged)),
    }


def _over_time(rows: Any, first: int, now: int) -> JsonObject:
    """Requests of every tier by hour, or by day where there are many hours."""
    each = 1 if now - first < 48 else 24
    starts = list(range(first, now + 1, each))
    tiers: dict[str, list[int]] = {}
    for row in rows:
        if row["tier"] in EXTRA or row["hour"] > now:
            continue
        counts = tiers.setdefault(row["tier"], [0] * len(starts))
        counts[(row["hour"] - first) // each] += int(row["requests"])
    return {"starts": [start * 3_600 for start in starts], "hours": each, "tiers": tiers}


def health(context: AdminContext) -> list[JsonObject]:
    """Every tier's deployments: how they are, and whether their model is in memory."""
    rows = []
    for tier, deployments in context.llm.tier_health().items():
        for health in deployments:
            info = context.llm.model_info(health.deployment)
            rows.append(
                {
                    "tier": tier,
                    "upstream": health.deployment.upstream,
                    "model": health.deployment.model,
                    "state": health.readiness.value,
                    "resident": None if info is None else info.is_resident,
                    "in_cooldown": health.in_cooldown,
                    "detail": health.detail,
                }
            )
    return rows
