"""Patterns of use: who asks what, how long, how often the same; of the newest requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Engine, Row

from gearshift.decision_log.schema import DECISIONS

NEWEST: Final = 50_000
"""So many requests are looked at, which bounds the time that it takes."""

_LENGTHS: Final = ((100, "below 100"), (500, "100 to 499"), (2_000, "500 to 1,999"))
_LONG: Final = "2,000 and more"
_KINDS: Final = (
    ("code", "code"),
    ("multi_step", "several steps"),
    ("technical", "technical words"),
    ("question", "demanding question"),
)
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
class Usage:
    """What the newest requests have in common.

    Attributes:
        requests: How many were looked at.
        repeated: Requests whose prompt had come before; a cache could have answered them.
        repeated_tokens: What these took.
        often: How often the prompts came that came most often.
    """

    requests: int
    by: dict[str, list[Group]]
    repeated: int
    repeated_tokens: int
    often: list[int]


def usage(engine: Engine, lowest: str, since: float) -> Usage:
    """Look at the newest requests since a time.

    Args:
        engine: The log's database.
        lowest: The smallest tier's name.
        since: Seconds since 1970.
    """
    made = DECISIONS.c
    query = (
        select(
            made.tier,
            made.model,
            made.client,
            made.dialect,
            made.score,
            made.code,
            made.multi_step,
            made.technical,
            made.question,
            made.prompt_hash,
            made.prompt_characters,
            made.prompt_tokens,
            made.completion_tokens,
        )
        .where(made.time >= since)
        .order_by(made.time.desc())
        .limit(NEWEST)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    by = {
        "kind": _grouped(rows, _kind, lowest),
        "length": _grouped(rows, _length, lowest),
        "model": _grouped(rows, lambda row: row.model, lowest),
        "client": _grouped(rows, lambda row: row.client or _NOBODY, lowest),
        "dialect": _grouped(rows, lambda row: row.dialect, lowest),
    }
    counts = Counter(row.prompt_hash for row in rows if row.prompt_hash)
    seen: set[str] = set()
    repeated = tokens = 0
    for row in reversed(rows):
        if row.prompt_hash in seen:
            repeated += 1
            tokens += _tokens(row)
        seen.add(row.prompt_hash or "")
    often = [count for _, count in counts.most_common(10) if count > 1]
    return Usage(len(rows), by, repeated, tokens, often)


def unlike_the_rest(found: Usage) -> list[Group]:
    """The clients whose traffic is sent to the small model far more, or less, than the rest's."""
    clients = [one for one in found.by["client"] if one.simple is not None]
    total = sum(one.requests for one in clients)
    unlike = []
    for one in clients:
        others = total - one.requests
        if min(one.requests, others) < _FEWEST or one.simple is None:
            continue
        rest = sum((o.simple or 0.0) * o.requests for o in clients if o is not one) / others
        if abs(one.simple - rest) > 0.3:
            unlike.append(one)
    return unlike


def _grouped(rows: Iterable[Any], name: Callable[[Row[Any]], str], lowest: str) -> list[Group]:
    groups: dict[str, list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault(name(row), []).append(row)
    made = [_group(title, members, lowest) for title, members in groups.items()]
    return sorted(made, key=lambda group: -group.requests)


def _group(name: str, rows: list[Row[Any]], lowest: str) -> Group:
    scored = [row for row in rows if row.score is not None]
    simple = sum(row.tier == lowest for row in scored) / len(scored) if scored else None
    score = sum(row.score for row in scored) / len(scored) if scored else None
    return Group(name, len(rows), sum(map(_tokens, rows)), simple, score)


def _tokens(row: Row[Any]) -> int:
    return (row.prompt_tokens or 0) + (row.completion_tokens or 0)


def _kind(row: Row[Any]) -> str:
    if row.score is None:
        return "not scored"
    marked = [(getattr(row, factor) or 0.0, name) for factor, name in _KINDS]
    most, name = max(marked, key=lambda pair: pair[0])
    return name if most >= _MARKED else "plain"


def _length(row: Row[Any]) -> str:
    return next((name for below, name in _LENGTHS if row.prompt_characters < below), _LONG)
