"""Verdicts as rows of the log, and what finding them has cost."""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from gearshift.decision_log.rows import SUMS, clean, tokens_of
from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS
from gearshift.decision_log.statements import Statements
from gearshift.telemetry.compute import SHADOW
from gearshift.types import Usage


class JudgementRow(NamedTuple):
    """One verdict; the fields are the columns of the table."""

    decision_id: str
    time: float
    judge: str
    verdict: str
    weak_score: float | None
    strong_score: float | None
    propensity: float
    comment: str | None = None
    position: str | None = None
    weak_answer: str | None = None
    strong_answer: str | None = None


def insert_judgement(connection: Connection, row: JudgementRow) -> None:
    """Write a verdict; one whose decision was lost is lost too."""
    logged = select(DECISIONS.c.id).where(DECISIONS.c.id == row.decision_id)
    if connection.execute(logged).first() is None:
        return
    values = {
        name: clean(value) if isinstance(value, str) else value
        for name, value in row._asdict().items()
    }
    connection.execute(JUDGEMENTS.insert().values(values))


def charge_shadow(connection: Connection, model: str, usage: Usage, flops: float | None) -> None:
    """Add what a shadow or a judge has cost to the sums of the hour: it is part of our compute."""
    prompt, completion, cached = tokens_of(usage)
    key = (int(time.time() // 3_600), SHADOW, clean(model)[:200], SHADOW)
    spent = [0.0, 0.0, 0.0, 0.0, 0.0, prompt, completion, cached, flops or 0.0]
    sums = spent + [0.0] * (SUMS - len(spent))
    Statements.of(connection.engine).add_hours(connection, {key: sums})
