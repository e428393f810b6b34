"""Retention: what is deleted from the log when, a little at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.schema import DECISIONS, HOURS, JUDGEMENTS, TIMES

_EVERY_SECONDS: Final = 60.0
_AT_ONCE: Final = 2_000
_STEPS: Final = 20
_MEGABYTE: Final = 1_000_000


@dataclass(slots=True)
class Retention:
    """How long, and how much, decisions are kept; sums by hour stay ten times as long.

    Attributes:
        days: Older decisions are deleted.
        megabytes: Above it the oldest decisions are deleted.
    """

    days: float
    megabytes: float
    _next: float = field(default=0.0, init=False)

    def apply(self, engine: Engine, now: float | None = None) -> int:
        """Delete what is too old or too much, at most once a minute; how many decisions went."""
        now = time.time() if now is None else now
        if now < self._next:
            return 0
        self._next = now + _EVERY_SECONDS
        gone = 0
        for _ in range(_STEPS):  # the rest in a minute
            with engine.begin() as connection:
                deleted = self._step(connection, now)
            gone += deleted
            if deleted < _AT_ONCE:
                break
        if gone:
            _shrink(engine)
        return gone

    def _step(self, connection: Connection, now: float) -> int:
        oldest = now - self.days * 86_400
        hour = int((now - 10 * self.days * 86_400) / 3_600)
        for table in (HOURS, TIMES):
            connection.execute(delete(table).where(table.c.hour < hour))
        chosen = select(DECISIONS.c.id).where(DECISIONS.c.time < oldest)
        if _size(connection) > self.megabytes * _MEGABYTE:
            chosen = select(DECISIONS.c.id)
        ids = chosen.order_by(DECISIONS.c.time).limit(_AT_ONCE).scalar_subquery()
        connection.execute(delete(JUDGEMENTS).where(JUDGEMENTS.c.decision_id.in_(ids)))
        return connection.execute(delete(DECISIONS).where(DECISIONS.c.id.in_(ids))).rowcount


def _size(connection: Connection) -> float:
    """Bytes that the database uses."""
    if connection.dialect.name == "sqlite":
        used = connection.execute(
            text(
                "SELECT (c.page_count - f.freelist_count) * s.page_size FROM "
                "pragma_page_count c, pragma_freelist_count f, pragma_page_size s"
            )
        )
    else:
        tables = ", ".join(f"'{table.name}'" for table in (DECISIONS, JUDGEMENTS))
        used = connection.execute(
            select(func.sum(text("pg_total_relation_size(c.oid)")))
            .select_from(text("pg_class c"))
            .where(text(f"c.relname IN ({tables})"))
        )
    return float(used.scalar() or 0)


def _shrink(engine: Engine) -> None:
    """Give freed pages back; PostgreSQL does it by itself."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA incremental_vacuum(2000)")
