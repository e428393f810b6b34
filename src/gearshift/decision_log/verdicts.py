"""Verdicts of the log by day, and the newest of them."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Engine

from gearshift.decision_log.results import objects
from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS
from gearshift.types import JsonObject

_DAY_SECONDS = 86_400
_MOST = 50


class Day(NamedTuple):
    """One day of judging answers of the smallest tier.

    Attributes:
        day: Its beginning, seconds since 1970.
        judged: Answers that were compared.
        losses: Those that were worse.
    """

    day: float
    judged: int
    losses: int


def verdicts_by_day(engine: Engine, since: float, lowest: str) -> list[Day]:
    """The days since a time (seconds since 1970), the oldest first."""
    query = (
        select(JUDGEMENTS.c.time, JUDGEMENTS.c.verdict)
        .join_from(JUDGEMENTS, DECISIONS, DECISIONS.c.id == JUDGEMENTS.c.decision_id)
        .where(JUDGEMENTS.c.time >= since, JUDGEMENTS.c.weak_score.is_not(None))
        .where(DECISIONS.c.tier == lowest)
    )
    judged: dict[int, list[int]] = {}
    with engine.connect() as connection:
        for time, verdict in connection.execute(query):
            counts = judged.setdefault(int(time // _DAY_SECONDS), [0, 0])
            counts[0] += 1
            counts[1] += verdict == "loss"
    return [Day(number * _DAY_SECONDS, *judged[number]) for number in sorted(judged)]


def latest(engine: Engine, since: float) -> list[JsonObject]:
    """The newest verdicts with the decision that they are about."""
    judged, made = JUDGEMENTS.c, DECISIONS.c
    query = (
        select(
            judged.time,
            judged.judge,
            judged.verdict,
            judged.comment,
            judged.decision_id,
            made.tier,
            made.model,
            made.score,
        )
        .join_from(JUDGEMENTS, DECISIONS, made.id == judged.decision_id)
        .where(judged.time >= since)
        .order_by(judged.time.desc(), judged.number.desc())
        .limit(_MOST)
    )
    with engine.connect() as connection:
        return objects(connection.execute(query))
