"""How many requests had which score, from the sums by hour."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from gearshift.decision_log.rows import SCORE, SCORE_BUCKETS, SCORE_TOKENS
from gearshift.decision_log.schema import TIMES


def scores_since(engine: Engine, since_hour: int) -> dict[str, dict[float, int]]:
    """Requests and tokens by the lower end of their quarter point of score.

    Args:
        engine: The log's database.
        since_hour: Hours since 1970.
    """
    query = (
        select(TIMES.c.kind, TIMES.c.bucket, func.sum(TIMES.c.requests))
        .where(TIMES.c.hour >= since_hour, TIMES.c.kind.in_((SCORE, SCORE_TOKENS)))
        .group_by(TIMES.c.kind, TIMES.c.bucket)
    )
    histograms: dict[str, dict[float, int]] = {SCORE: {}, SCORE_TOKENS: {}}
    with engine.connect() as connection:
        for kind, bucket, count in connection.execute(query):
            histograms[kind][bucket / SCORE_BUCKETS] = int(count)
    return {"requests": histograms[SCORE], "tokens": histograms[SCORE_TOKENS]}
