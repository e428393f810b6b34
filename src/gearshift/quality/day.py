"""The last day as the alarms want it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Engine

from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.decision_log.rows import SCORE
from gearshift.decision_log.schema import DECISIONS, HOURS, JUDGEMENTS, TIMES
from gearshift.guarantees.alarms import AlarmFacts
from gearshift.guarantees.looks import Count

_DAY_HOURS = 24
_WEEK_HOURS = 7 * _DAY_HOURS


def last_day(engine: Engine, now: float, lowest: str) -> AlarmFacts:
    """Read it.

    Args:
        engine: The log's database.
        now: Seconds since 1970.
        lowest: The smallest tier's name.
    """
    hour = int(now // 3_600)
    since = hour - _DAY_HOURS + 1
    with engine.connect() as connection:
        requests, fallbacks, scored = _sums(connection, since)
        judged = _verdicts(connection, since * 3_600, lowest)
        compared = _compared(connection, since * 3_600)
        scores = _scores(connection, since, hour + 1)
        simple = sum(_scores(connection, since, hour + 1, lowest).values())
        earlier = _scores(connection, since - _WEEK_HOURS, since)
    return AlarmFacts(
        requests=requests,
        fallbacks=fallbacks,
        scored=scored,
        simple=simple,
        judged=sum(count.total for count in judged),
        losses=sum(count.hits for count in judged),
        by_propensity=judged,
        compared=sum(compared.values()),
        contradicted=compared[True],
        scores=scores,
        earlier_scores=earlier,
    )


def _sums(connection: Connection, since: int) -> tuple[int, int, int]:
    # What shadows cost stands there too, as rows without any request.
    names = ("requests", "cache_hits", "fallbacks", "scored")  # a hit can have no fallback
    summed = (func.coalesce(func.sum(HOURS.c[name]), 0) for name in names)
    query = select(*summed).where(HOURS.c.hour >= since, HOURS.c.tier != EMBEDDINGS)
    requests, hits, fallbacks, scored = connection.execute(query).one()
    return int(requests - hits), int(fallbacks), int(scored)


def _verdicts(connection: Connection, since: float, lowest: str) -> list[Count]:
    """Losses by judges among answers of the smallest tier, by the chance of being judged."""
    judged = JUDGEMENTS.c
    query = (
        select(judged.propensity, judged.verdict, func.count())
        .join_from(JUDGEMENTS, DECISIONS)
        .where(judged.time >= since, DECISIONS.c.tier == lowest)
        .where(judged.weak_score.is_not(None))
        .group_by(judged.propensity, judged.verdict)
    )
    counts: dict[float, Count] = {}
    for propensity, verdict, count in connection.execute(query):
        hits, total, weight = counts.get(propensity, Count(0, 0, 1.0 / propensity))
        counts[propensity] = Count(hits + count * (verdict == "loss"), total + count, weight)
    return list(counts.values())


def _compared(connection: Connection, since: float) -> dict[bool, int]:
    query = (
        select(JUDGEMENTS.c.position.is_not(None), func.count())
        .where(JUDGEMENTS.c.time >= since, JUDGEMENTS.c.judge == "model")
        .where(JUDGEMENTS.c.weak_score.is_not(None))
        .group_by(JUDGEMENTS.c.position.is_not(None))
    )
    counts = {bool(is_set): int(count) for is_set, count in connection.execute(query)}
    return {True: counts.get(True, 0), False: counts.get(False, 0)}


def _scores(
    connection: Connection, first: int, end: int, tier: str | None = None
) -> dict[int, int]:
    query = (
        select(TIMES.c.bucket, func.sum(TIMES.c.requests))
        .where(TIMES.c.kind == SCORE, TIMES.c.hour >= first, TIMES.c.hour < end)
        .group_by(TIMES.c.bucket)
    )
    if tier is not None:
        query = query.where(TIMES.c.tier == tier)
    return {int(bucket): int(count) for bucket, count in connection.execute(query)}
