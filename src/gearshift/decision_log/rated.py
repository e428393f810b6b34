"""Requests of the log whose one answer a user has rated."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Engine

from gearshift.decision_log.feedback import JUDGE
from gearshift.decision_log.schema import ANSWERED_ANEW, DECISIONS, JUDGEMENTS

_PLACE: Final = attrgetter("time", "id")


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


class RatedRow(NamedTuple):
    """One verdict of a user with its request; the attributes are those of the log's columns."""

    time: float
    id: str
    score: float
    tier: str
    propensity: float
    verdict: str


def rated_requests(engine: Engine, since: float = 0.0) -> list[RatedRequest]:
    """Those since a time (seconds since 1970) that another score would have sent elsewhere.

    Which ones these are depends on nothing that chance has decided, so the propensities of those
    that are left out are not missed. Where somebody else answered than was meant to, and in rows
    of earlier versions, whose propensities may be wrong, there is nothing to learn from; nor in
    answers from the cache, where one answer would count as often as it was given.
    """
    made, judged = DECISIONS.c, JUDGEMENTS.c
    query = (
        select(made.time, made.id, made.score, made.tier, made.propensity, judged.verdict)
        .join_from(JUDGEMENTS, DECISIONS, made.id == judged.decision_id)
        .where(judged.judge == JUDGE, made.score.is_not(None), made.fallback.is_(None))
        .where(made.time >= since, made.movable.is_(True), ANSWERED_ANEW)
    )
    with engine.connect() as connection:
        return ratings(RatedRow(*row) for row in connection.execute(query))


def ratings(rows: Iterable[RatedRow]) -> list[RatedRequest]:
    """The requests of verdicts in any order: each once, in the order in which they came."""
    # Sorted here: a log has far more decisions than verdicts of users.
    ordered = sorted(rows, key=_PLACE)
    return [_rated(list(group)) for _, group in groupby(ordered, key=_PLACE)]


def _rated(rows: list[RatedRow]) -> RatedRequest:
    first = rows[0]
    good = sum(row.verdict == "good" for row in rows)
    return RatedRequest(first.score, first.tier, first.propensity, good / len(rows))
