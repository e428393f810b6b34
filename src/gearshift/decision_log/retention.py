"""Retention: what is deleted from the log when, a little at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.database import alone
from gearshift.decision_log.lease import Begin
from gearshift.decision_log.live_bytes import live_bytes, row_bytes
from gearshift.decision_log.partitions import DAY_SECONDS, drop, first_id, parts
from gearshift.decision_log.schema import DECISIONS, HOURS, JUDGEMENTS, TIMES

_EVERY_SECONDS: Final = 60.0
_AT_ONCE: Final = 2_000
_STEPS: Final = 20
_KEPT: Final = 1_000
"""Decisions, the newest, that stay however much they take."""
_MEGABYTE: Final = 1_000_000
_FREED_PAGES: Final = 20_000


@dataclass(slots=True)
class Retention:
    """How long, and how much, decisions are kept; sums by hour stay ten times as long.

    Of several processes with one database, one deletes at a time, also where some are of an older
    version, which knows no lease. Where the log is divided by day, whole days are dropped: one
    is kept until all of it is too old. What lies in no partition of one day goes row by row.

    Attributes:
        days: Older decisions are deleted.
        megabytes: What decisions and judgements may take; of what is more the oldest are deleted,
            but never the newest 1,000.
    """

    days: float
    megabytes: float
    _next: float = field(default=0.0, init=False)

    def apply(self, engine: Engine, now: float | None = None, begin: Begin = Engine.begin) -> int:
        """Delete what is too old or too much, at most once a minute; how many decisions went."""
        now = time.time() if now is None else now
        if now < self._next:
            return 0
        self._next = now + _EVERY_SECONDS
        with alone(engine) as is_alone:
            if not is_alone:
                return 0
            gone = self._delete_old(engine, now, begin) + self._delete_excess(engine, begin)
            if gone:
                _shrink(engine)
        return gone

    def _delete_old(self, engine: Engine, now: float, begin: Begin) -> int:
        hour = int((now - 10 * self.days * DAY_SECONDS) / 3_600)
        with begin(engine) as connection:
            for table in (HOURS, TIMES):
                connection.execute(delete(table).where(table.c.hour < hour))
        oldest = self._drop_old(engine, now - self.days * DAY_SECONDS, begin)
        chosen = select(DECISIONS.c.id).where(DECISIONS.c.time < oldest)
        gone = 0
        for _ in range(_STEPS):  # the rest in a minute
            with begin(engine) as connection:
                deleted = _delete(connection, connection.scalars(chosen.limit(_AT_ONCE)).all())
            gone += deleted
            if deleted < _AT_ONCE:
                break
        return gone

    def _drop_old(self, engine: Engine, oldest: float, begin: Begin) -> float:
        """Drop the days that are over by then; the time before which rows are deleted."""
        with engine.connect() as connection:
            found = parts(connection)
        if not found:
            return oldest
        day = int(oldest // DAY_SECONDS)
        for part in found:
            if part.end is not None and part.end <= first_id(day):
                drop(engine, part, begin)
        return float(day * DAY_SECONDS)

    def _delete_excess(self, engine: Engine, begin: Begin) -> int:
        """The oldest, until as much is gone as is too much; it is measured once."""
        with engine.connect() as connection:
            excess = live_bytes(connection) - self.megabytes * _MEGABYTE
        excess = _drop_excess(engine, excess, begin)
        gone = 0
        for _ in range(_STEPS):
            if excess <= 0:
                break
            with begin(engine) as connection:
                ids, size = _oldest(connection, excess)
                gone += _delete(connection, ids)
            if not ids:
                break
            excess -= size
        return gone


def _drop_excess(engine: Engine, excess: float, begin: Begin) -> float:
    """Drop the oldest partitions that are too much as a whole; what else is too much."""
    while excess > 0:
        with engine.connect() as connection:
            found = parts(connection)
            if not found or found[0].end is None or not _may_go(connection, found[0].end):
                break
            size = live_bytes(connection, found[0].name)
        if size > excess:
            break
        drop(engine, found[0], begin)
        excess -= size
    return excess


def _may_go(connection: Connection, end: str) -> bool:
    """Whether enough decisions are behind a partition's end."""
    newer = select(DECISIONS.c.id).where(DECISIONS.c.id >= end).limit(_KEPT).subquery()
    return connection.scalar(select(func.count()).select_from(newer)) == _KEPT


def _oldest(connection: Connection, excess: float) -> tuple[Sequence[str], float]:
    """The oldest decisions that together take so much, of some at most; and how much they take."""
    dialect = connection.dialect.name
    judged = select(func.coalesce(func.sum(row_bytes(JUDGEMENTS, dialect)), 0)).where(
        JUDGEMENTS.c.decision_id == DECISIONS.c.id
    )
    size = row_bytes(DECISIONS, dialect) + judged.scalar_subquery()
    made = DECISIONS.c
    by_age = select(made.id).order_by(made.time.desc(), made.id)
    kept = by_age.limit(_KEPT).subquery()
    chosen = (
        select(made.id, size)
        .where(made.id.not_in(select(kept.c.id)))
        .order_by(made.time, made.id)
        .limit(_AT_ONCE)
    )
    rows = connection.execute(chosen).all()
    sums = list(accumulate(float(row[1]) for row in rows))
    needed = sum(total < excess for total in sums) + 1
    ids = [row[0] for row in rows[:needed]]
    return ids, sums[len(ids) - 1] if ids else 0.0


def _delete(connection: Connection, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    connection.execute(delete(JUDGEMENTS).where(JUDGEMENTS.c.decision_id.in_(ids)))
    return connection.execute(delete(DECISIONS).where(DECISIONS.c.id.in_(ids))).rowcount


def _shrink(engine: Engine) -> None:
    """Give a SQLite file's free pages back; PostgreSQL writes the next rows into what was freed."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            # As a script, which runs to its end; a statement frees one page and stops there.
            driver: Any = connection.connection.driver_connection  # sqlite3's own
            driver.executescript(f"PRAGMA incremental_vacuum({_FREED_PAGES})")
