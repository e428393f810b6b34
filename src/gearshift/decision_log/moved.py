"""How the traffic of the log would be divided at another threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.engine import Engine

from gearshift.decision_log.schema import DECISIONS
from gearshift.types import Cause


@dataclass(frozen=True, slots=True)
class Moved:
    """Scored requests of the log at a threshold.

    Attributes:
        n: How many there are.
        simple: How many score below it.
        moved: How many would go to another tier than they were sent to.
        tokens: Tokens that were worked on, where told.
        simple_tokens: Those of the requests below it.
    """

    n: int
    simple: int
    moved: int
    tokens: float
    simple_tokens: float


def moved_at(engine: Engine, threshold: float, since: float = 0.0) -> Moved:
    """Count the scored requests since a time (seconds since 1970)."""
    made = DECISIONS.c
    is_simple = made.score < threshold
    was_simple = made.score < made.threshold
    tokens = func.coalesce(made.prompt_tokens - made.cached_tokens + made.completion_tokens, 0)
    query = select(
        func.count(),
        func.coalesce(func.sum(case((is_simple, 1), else_=0)), 0),
        func.coalesce(func.sum(case((is_simple != was_simple, 1), else_=0)), 0),
        func.coalesce(func.sum(tokens), 0),
        func.coalesce(func.sum(case((is_simple, tokens), else_=0)), 0),
    ).where(made.score.is_not(None), made.time >= since, made.cause != Cause.FORCED.value)
    with engine.connect() as connection:
        n, simple, moved, worked, below = connection.execute(query).one()
    return Moved(int(n), int(simple), int(moved), float(worked), float(below))


def rescored_at(
    engine: Engine, score: Callable[[str], float], threshold: float, since: float = 0.0
) -> Moved:
    """The same by another scorer, of the requests whose prompts were kept.

    Args:
        engine: The log's database.
        score: Scores a prompt, 0-10.
        threshold: Requests below it go to the small model.
        since: Seconds since 1970.
    """
    made = DECISIONS.c
    tokens = func.coalesce(made.prompt_tokens - made.cached_tokens + made.completion_tokens, 0)
    query = select(made.prompt, made.score < made.threshold, tokens).where(
        made.score.is_not(None),
        made.prompt.is_not(None),
        made.time >= since,
        made.cause != Cause.FORCED.value,
    )
    counts = [0, 0, 0, 0.0, 0.0]
    with engine.connect() as connection:
        for prompt, was_simple, worked in connection.execute(query):
            is_simple = score(prompt) < threshold
            counts[0] += 1
            counts[1] += is_simple
            counts[2] += is_simple != bool(was_simple)
            counts[3] += worked
            counts[4] += worked * is_simple
    n, simple, moved, total, below = counts
    return Moved(int(n), int(simple), int(moved), float(total), float(below))
