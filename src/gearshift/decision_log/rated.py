"""Requests of the log whose one answer a user has rated."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Engine

from gearshift.decision_log.feedback import JUDGE
from gearshift.decision_log.schema import ANSWERED_ANEW, DECISIONS, JUDGEMENTS


class RatedRequest(NamedTuple):
    """One request.

    Attributes:
        score: What the scorer said then, 0-10.
        tier: Which one has answered.
        propensity: The chance with which it was sent there.
        reward: 1 for `good`, 0 for `bad`; the mean where there were several verdicts.
    """

    score: float
    tier: str
    propensity: float
    reward: float


def rated_requests(engine: Engine, since: float = 0.0) -> list[RatedRequest]:
    """Those since a time (seconds since 1970) that another score would have sent elsewhere.

    Which ones these are depends on nothing that chance has decided, so the propensities of those
    that are left out are not missed. Where somebody else answered than was meant to, and in rows
    of earlier versions, whose propensities may be wrong, there is nothing to learn from; nor in
    answers from the cache, where one answer would count as often as it was given.
    """
    made, judged = DECISIONS.c, JUDGEMENTS.c
    query = (
        select(
            made.time, made.score, made.tier, made.propensity, judged.decision_id, judged.verdict
        )
        .join_from(JUDGEMENTS, DECISIONS, made.id == judged.decision_id)
        .where(judged.judge == JUDGE, made.score.is_not(None), made.fallback.is_(None))
        .where(made.time >= since, made.movable.is_(True), ANSWERED_ANEW)
    )
    verdicts: dict[str, list[float]] = {}
    ratings: dict[str, tuple[float, str, float]] = {}
    with engine.connect() as connection:
        # Sorted here: a log has far more decisions than verdicts of users.
        rows = connection.execute(query).all()
        for row in sorted(rows, key=lambda row: (row.time, row.decision_id)):
            ratings[row.decision_id] = (row.score, row.tier, row.propensity)
            verdicts.setdefault(row.decision_id, []).append(float(row.verdict == "good"))
    return [
        RatedRequest(*ratings[name], sum(given) / len(given)) for name, given in verdicts.items()
    ]
