"""Requests of the log whose small and large answers were both judged: what is learned from."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from statistics import fmean
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Engine

from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS
from gearshift.errors import GearshiftError

_NONE: Final = (
    "the decision log has no requests whose small and large answers were both judged; "
    "give FILEs of judged answers instead"
)
_PLACE: Final = attrgetter("time", "id")


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


class JudgedRow(NamedTuple):
    """One judgement with its request; the attributes are those of the log's columns."""

    time: float
    id: str
    score: float
    scorer: str
    scorer_version: str
    prompt: str | None
    prompt_characters: int
    weak_score: float
    strong_score: float
    propensity: float


def judged_requests(engine: Engine) -> list[JudgedRequest]:
    """All of them, in the order in which they came.

    Raises:
        GearshiftError: There are none.
    """
    judged, made = JUDGEMENTS.c, DECISIONS.c
    columns = (*(made[name] for name in JudgedRow._fields[:7]), *_scores_of(judged))
    query = (
        select(*columns)
        .join_from(JUDGEMENTS, DECISIONS, made.id == judged.decision_id)
        .where(judged.weak_score.is_not(None), judged.strong_score.is_not(None))
        .where(made.score.is_not(None))
    )
    with engine.connect() as connection:
        requests = by_request(JudgedRow(*row) for row in connection.execute(query))
    if not requests:
        raise GearshiftError(_NONE)
    return requests


def by_request(rows: Iterable[JudgedRow]) -> list[JudgedRequest]:
    """The requests of judgements in any order: each once, in the order in which they came.

    Means are rounded once, so no database and no order gives another.
    """
    # Sorted here: a log has far more decisions than judgements.
    ordered = sorted(rows, key=_PLACE)
    return [_request(list(group)) for _, group in groupby(ordered, key=_PLACE)]


def _request(rows: list[JudgedRow]) -> JudgedRequest:
    first = rows[0]
    return JudgedRequest(
        first.score,
        (first.scorer, first.scorer_version),
        first.prompt,
        first.prompt_characters,
        fmean(row.weak_score for row in rows),
        fmean(row.strong_score for row in rows),
        min(row.propensity for row in rows),
        first.time,
    )


def _scores_of(judged: Any) -> tuple[Any, ...]:
    return tuple(judged[name] for name in JudgedRow._fields[7:])
