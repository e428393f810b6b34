"""Requests of the log whose small and large answers were both judged: what is learned from."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS
from gearshift.errors import GearshiftError

_NONE: Final = (
    "the decision log has no requests whose small and large answers were both judged; "
    "give FILEs of judged answers instead"
)


class JudgedRequest(NamedTuple):
    """One request.

    Attributes:
        score: What the scorer said then, 0-10.
        scorer: Its name and version.
        prompt: The user's words, where they were kept.
        characters: Their length.
        weak_score: Of the small model's answer, 0-1; the mean where it was judged repeatedly.
        strong_score: Of the large model's.
        propensity: With which chance it was judged.
        time: Of the request, seconds since 1970.
    """

    score: float
    scorer: tuple[str, str]
    prompt: str | None
    characters: int
    weak_score: float
    strong_score: float
    propensity: float
    time: float


def judged_requests(engine: Engine) -> list[JudgedRequest]:
    """All of them, in the order in which they came.

    Raises:
        GearshiftError: There are none.
    """
    judged, made = JUDGEMENTS.c, DECISIONS.c
    # Grouped before the join, sorted after it: a log has far more decisions than judgements.
    verdicts = (
        select(
            judged.decision_id,
            func.avg(judged.weak_score).label("weak"),
            func.avg(judged.strong_score).label("strong"),
            func.min(judged.propensity).label("propensity"),
        )
        .where(judged.weak_score.is_not(None), judged.strong_score.is_not(None))
        .group_by(judged.decision_id)
        .subquery()
    )
    query = (
        select(
            made.id,
            made.time,
            made.score,
            made.scorer,
            made.scorer_version,
            made.prompt,
            made.prompt_characters,
            verdicts.c.weak,
            verdicts.c.strong,
            verdicts.c.propensity,
        )
        .join_from(verdicts, DECISIONS, made.id == verdicts.c.decision_id)
        .where(made.score.is_not(None))
    )
    with engine.connect() as connection:
        requests = [
            JudgedRequest(
                row.score,
                (row.scorer, row.scorer_version),
                row.prompt,
                row.prompt_characters,
                row.weak,
                row.strong,
                row.propensity,
                row.time,
            )
            for row in sorted(connection.execute(query), key=lambda row: (row.time, row.id))
        ]
    if not requests:
        raise GearshiftError(_NONE)
    return requests
