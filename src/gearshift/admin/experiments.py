"""Experiments: what they show so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gearshift.admin.context import AdminContext
from gearshift.types import JsonObject


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """All experiments with their reports, the newest first."""
    del query

    def ask(engine: Any) -> JsonObject:
        from gearshift.decision_log.experiments import experiments

        found = experiments(engine)
        if not found:
            return {"experiments": []}
        from gearshift.quality.experiment_report import report

        return {"experiments": [report(engine, kept, context.lowest) for kept in found]}

    return await context.ask_log(ask)
