"""Single decisions of the log: a page of them, or one with what was said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.results import objects
from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS
from gearshift.types import JsonObject

PAGE: Final = 50
LOOKED_AT: Final = 100_000
TEXTS: Final = ("tier", "model", "upstream", "cause", "client", "dialect", "scorer")
"""Columns that can be asked for by value."""

_SHOWN: Final = (
    *("id", "time", "tier", "model", "upstream", "cause", "score", "threshold", "scorer"),
    *("client", "dialect", "status", "fault", "fallback", "seconds", "first_token_seconds"),
    *("prompt_tokens", "completion_tokens", "prompt_characters", "prompt"),
    *("cache", "saved_prompt_tokens", "saved_completion_tokens", "saved_flops"),
)


class Filters(NamedTuple):
    """Which decisions are wanted.

    Attributes:
        values: Of the columns in `TEXTS`.
        since: Seconds since 1970.
        failed: Only those that ended with an error.
    """

    values: Mapping[str, str]
    since: float
    failed: bool = False


class Page(NamedTuple):
    """Some decisions, the newest first.

    Attributes:
        after: Where the next page goes on: time and id of the last one; `None` at the end.
    """

    rows: list[JsonObject]
    after: tuple[float, str] | None


def recent(engine: Engine, filters: Filters, after: tuple[float, str] | None = None) -> Page:
    """A page; by the index over time, so the last is as quick as the first.

    So that a rare value takes no longer than a frequent one, only `LOOKED_AT` requests are looked
    at; the next page goes on after them.
    """
    made = DECISIONS.c
    conditions = [made[name] == value for name, value in filters.values.items()]
    if filters.failed:
        conditions.append(made.status >= 400)
    with engine.connect() as connection:
        until = _until(connection, filters.since, after) if conditions else None
        query = select(*(made[name] for name in _SHOWN)).where(*conditions)
        query = query.where(made.time >= (filters.since if until is None else until))
        query = (
            query.where(*_before(after)).order_by(made.time.desc(), made.id.desc()).limit(PAGE + 1)
        )
        rows = objects(connection.execute(query))
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        return Page(rows[:PAGE], (last["time"], last["id"]))
    return Page(rows, None if until is None else (until, ""))


def _until(connection: Connection, since: float, after: tuple[float, str] | None) -> float | None:
    """The time of the last request that is looked at; `None` if there are not so many."""
    made = DECISIONS.c
    query = select(made.time).where(made.time >= since, *_before(after))
    oldest = connection.execute(query.order_by(made.time.desc()).offset(LOOKED_AT).limit(1))
    return oldest.scalar()


def _before(after: tuple[float, str] | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    (time, name), made = after, DECISIONS.c
    return [or_(made.time < time, and_(made.time == time, made.id < name))]


def one(engine: Engine, decision_id: str) -> JsonObject | None:
    """A decision with everything that is kept of it, and its judgements."""
    with engine.connect() as connection:
        query = select(DECISIONS).where(DECISIONS.c.id == decision_id)
        decisions = objects(connection.execute(query))
        if not decisions:
            return None
        verdicts = connection.execute(
            select(JUDGEMENTS)
            .where(JUDGEMENTS.c.decision_id == decision_id)
            .order_by(JUDGEMENTS.c.time)
        )
        judgements = objects(verdicts)
    return {**decisions[0], "judgements": judgements}
