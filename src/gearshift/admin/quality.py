"""Quality: what judges and users said, and what may be concluded, day by day."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from gearshift.admin.context import AdminContext, hours_of
from gearshift.admin.overview import bound
from gearshift.types import JsonObject


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """Verdicts, the bound of every day, alarms, what sampling is set to."""
    from gearshift.decision_log.verdicts import latest, verdicts_by_day
    from gearshift.quality.alarm_record import kept_alarms

    since = time.time() - 3_600 * hours_of(query)
    settings = context.llm.settings.quality

    def ask(engine: Any) -> JsonObject:
        days = verdicts_by_day(engine, since, context.lowest)
        losses = sum(day.losses for day in days)
        judged = sum(day.judged for day in days)
        return {
            "days": [{"day": day.day, **bound(day.losses, day.judged)} for day in days],
            "all": bound(losses, judged),
            "latest": latest(engine, since),
            "alarms": [
                {
                    "name": alarm.name,
                    "since": alarm.since,
                    "until": alarm.until,
                    "value": alarm.value,
                    "limit": alarm.limit,
                    "message": alarm.message,
                }
                for alarm in kept_alarms(engine, only_lasting=False)
            ],
        }

    return {
        "since": query.get("since", "24h"),
        "sampling": {
            "shadow_share": settings.shadow_share,
            "judge": settings.judge,
            "daily_tokens": settings.daily_tokens,
            "limit": settings.alarms.loss_share,
        },
        **await context.ask_log(ask),
    }
