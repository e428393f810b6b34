"""Patterns of use: who asks what, how long, how often the same; of the newest chats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, select
from sqlalchemy.engine import Engine, Row

from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.decision_log.schema import ANSWERED_ANEW, DECISIONS

NEWEST: Final = 50_000
"""So many requests are looked at, which bounds the time that it takes."""

_LENGTHS: Final = (
    (100, "below 100 characters"),
    (500, "100 to 499"),
    (2_000, "500 to 1,999"),
)
_LONG: Final = "2,000 and more"
_KINDS: Final = (
    ("code", "code"),
    ("multi_step", "several steps"),
    ("technical", "technical words"),
    ("question", "demanding question"),
)
_FACTORS: Final = tuple(factor for factor, _ in _KINDS)
_DIMENSIONS: Final = ("kind", "length", "model", "client", "dialect")
_MARKED: Final = 1.5
_FEWEST: Final = 30
_NOBODY: Final = "(no name)"


@dataclass(frozen=True, slots=True)
class Group:
    """Requests that have something in common.

    Attributes:
        simple: Of those that were scored, the share that the smallest tier got; `None` if none.
        score: Their mean score.
    """

    name: str
    requests: int
    tokens: int
    simple: float | None
    score: float | None


@dataclass(frozen=True, slots=True)
class UsagePatterns:
    """What the newest requests have in common.

    Attributes:
        requests: How many were looked at.
        repeated: Requests whose prompt had come before, and that the cache has not answered.
        repeated_tokens: What these took.
        often: How often the prompts came that came most often.
    """

    requests: int
    by: dict[str, list[Group]]
    repeated: int
    repeated_tokens: int
    often: list[int]


def usage(engine: Engine, lowest: str, since: float) -> UsagePatterns:
    """Look at the newest requests since a time.

    Args:
        engine: The log's database.
        lowest: The smallest tier's name.
        since: Seconds since 1970.
    """
    newest = _newest(since)
    with engine.connect() as connection:
        rows = connection.execute(_groups(newest, lowest)).all()
        repeated, tokens = connection.execute(_repetitions(newest)).one()
        often = connection.execute(_most_frequent(newest)).scalars().all()
    by = {name: _grouped(rows, name) for name in _DIMENSIONS}
    requests = sum(row.requests for row in rows)
    return UsagePatterns(
        requests, by, int(repeated or 0), int(tokens or 0), [int(n) for n in often]
    )


def unlike_the_rest(patterns: UsagePatterns) -> list[Group]:
    """The clients whose traffic is sent to the small model far more, or less, than the rest's."""
    clients = [client for client in patterns.by["client"] if client.simple is not None]
    total = sum(client.requests for client in clients)
    unlike = []
    for client in clients:
        others = total - client.requests
        if min(client.requests, others) < _FEWEST or client.simple is None:
            continue
        rest = sum((o.simple or 0.0) * o.requests for o in clients if o is not client) / others
        if abs(client.simple - rest) > 0.3:
            unlike.append(client)
    return unlike


def _newest(since: float) -> Subquery:
    made = DECISIONS.c
    names = ("id", "time", "tier", "model", "client", "dialect", "score", *_FACTORS)
    is_anew = ANSWERED_ANEW.label("is_anew")
    columns = (made.prompt_hash, made.prompt_characters, made.prompt_tokens, made.completion_tokens)
    return (
        select(*(made[name] for name in names), *columns, is_anew)
        .where(made.time >= since, made.tier != EMBEDDINGS)
        .order_by(made.time.desc())
        .limit(NEWEST)
        .subquery()
    )


def _groups(newest: Subquery, lowest: str) -> Select[Any]:
    """Sums of all requests that are alike in every dimension."""
    columns = newest.c
    dimensions = (
        _kind(newest).label("kind"),
        _length(newest).label("length"),
        columns.model.label("model"),
        func.coalesce(columns.client, _NOBODY).label("client"),
        columns.dialect.label("dialect"),
    )
    is_simple = and_(columns.tier == lowest, columns.score.is_not(None))
    return select(
        *dimensions,
        func.count().label("requests"),
        func.count(columns.score).label("scored"),
        func.sum(case((is_simple, 1), else_=0)).label("simple"),
        func.coalesce(func.sum(columns.score), 0.0).label("score"),
        func.sum(_tokens(newest)).label("tokens"),
    ).group_by(*dimensions)


def _repetitions(newest: Subquery) -> Select[int, Any]:
    """How many prompts had come before, and what it took to answer them anew."""
    columns = newest.c
    place = func.row_number().over(
        partition_by=columns.prompt_hash, order_by=(columns.time, columns.id)
    )
    placed = (
        select(place.label("place"), columns.is_anew, _tokens(newest).label("tokens"))
        .where(columns.prompt_hash.is_not(None))
        .subquery()
    )
    counts = select(func.count(), func.sum(placed.c.tokens))
    return counts.where(placed.c.place > 1, placed.c.is_anew)


def _most_frequent(newest: Subquery) -> Select[int]:
    columns = newest.c
    times = func.count().label("times")
    query = select(times).where(columns.prompt_hash.is_not(None))
    return query.group_by(columns.prompt_hash).having(times > 1).order_by(times.desc()).limit(10)


def _tokens(newest: Subquery) -> ColumnElement[int]:
    columns = newest.c
    return func.coalesce(columns.prompt_tokens, 0) + func.coalesce(columns.completion_tokens, 0)


def _kind(newest: Subquery) -> ColumnElement[str]:
    """The factor that marks a prompt most, where one does."""
    marks = [(func.coalesce(newest.c[factor], 0.0), name) for factor, name in _KINDS]
    cases = [
        (and_(mark >= _MARKED, *(mark >= other for other, _ in marks[place + 1 :])), name)
        for place, (mark, name) in enumerate(marks)
    ]
    return case((newest.c.score.is_(None), "not scored"), *cases, else_="plain")


def _length(newest: Subquery) -> ColumnElement[str]:
    return case(
        *((newest.c.prompt_characters < below, name) for below, name in _LENGTHS), else_=_LONG
    )


def _grouped(rows: Sequence[Row[Any]], dimension: str) -> list[Group]:
    members: dict[str, list[Row[Any]]] = {}
    for row in rows:
        members.setdefault(getattr(row, dimension), []).append(row)
    made = [_group(name, some) for name, some in members.items()]
    return sorted(made, key=lambda group: -group.requests)


def _group(name: str, rows: Sequence[Row[Any]]) -> Group:
    def total(column: str) -> float:
        return float(sum(getattr(row, column) for row in rows))

    scored = total("scored")
    simple, score = (total(column) / scored if scored else None for column in ("simple", "score"))
    return Group(name, int(total("requests")), int(total("tokens")), simple, score)
