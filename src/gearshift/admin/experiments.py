"""Experiments: what they show so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gearshift.admin.desk import Desk
from gearshift.types import JsonObject


async def facts(desk: Desk, query: Mapping[str, str]) -> JsonObject:
    """All experiments with their reports, the newest first."""
    del query

    def ask(engine: Any) -> JsonObject:
        from gearshift.decision_log.experiments import experiments

        found = experiments(engine)
        if not found:
            return {"experiments": []}
        from gearshift.quality.experiment_report import report

        return {"experiments": [report(engine, kept, desk.lowest) for kept in found]}

    return await desk.ask_log(ask)
