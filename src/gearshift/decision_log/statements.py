"""The statements that the writer runs, for either database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.copying import FEWEST, copied
from gearshift.decision_log.rows import COLUMNS, Hour, Sums
from gearshift.decision_log.schema import DECISIONS, HOURS, TIMES

_PORTIONS: Final = (500, 50)
"""Rows of one statement; SQLite takes 32,766 values at once, and a row has 45."""


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL as text, because building it for every batch takes longer than running it."""

    decision: str
    decisions: Mapping[int, str]
    hour: str
    time: str
    can_copy: bool

    @classmethod
    def of(cls, engine: Engine) -> Statements:
        """Those for a database."""
        is_sqlite = engine.dialect.name == "sqlite"
        mark = "?" if is_sqlite else "%s"
        once = "ON CONFLICT (id) DO NOTHING"
        sizes = _PORTIONS if is_sqlite else ()
        return cls(
            f"{_insert(DECISIONS, COLUMNS, mark)} {once}",
            {size: f"{_insert(DECISIONS, COLUMNS, mark, size)} {once}" for size in sizes},
            _adding(HOURS, mark),
            _adding(TIMES, mark),
            not is_sqlite,
        )

    def write(
        self,
        connection: Connection,
        rows: list[tuple[Any, ...]],
        sums: Sums,
        *,
        is_repeated: bool = False,
    ) -> None:
        """Write a batch within the connection's transaction.

        Args:
            connection: In a transaction.
            rows: Those that are there already stay as they are.
            sums: What the batch adds to the sums by hour.
            is_repeated: It was tried before, and perhaps written: then nothing is added.
        """
        if self.can_copy and len(rows) >= FEWEST and not is_repeated and copied(connection, rows):
            written = len(rows)
        else:
            portions = self._portions(rows)
            written = sum(connection.exec_driver_sql(*portion).rowcount for portion in portions)
        if written or not is_repeated:
            self._add(connection, sums)

    def _add(self, connection: Connection, sums: Sums) -> None:
        hours, times = sums.hours, [(*key, value) for key, value in sorted(sums.times.items())]
        if hours:
            self.add_hours(connection, hours)
        if times:
            connection.exec_driver_sql(self.time, times)

    def _portions(self, rows: list[tuple[Any, ...]]) -> Iterator[tuple[str, Any]]:
        """Statements for all rows, with what they take.

        SQLite's driver gives the interpreter's lock away and fetches it back for every statement
        that it runs, in which requests and the log get into each other's way; so it gets one for
        many rows. PostgreSQL's sends many at once by itself.
        """
        done = 0
        for size, statement in self.decisions.items():
            while len(rows) - done >= size:
                yield statement, tuple(chain.from_iterable(rows[done : done + size]))
                done += size
        if done < len(rows):
            yield self.decision, rows[done:]

    def add_hours(self, connection: Connection, hours: Mapping[Hour, Sequence[float]]) -> None:
        """Add to the sums by hour."""
        # In one order everywhere, so that two processes never wait for each other.
        rows = [(*key, *values) for key, values in sorted(hours.items())]
        connection.exec_driver_sql(self.hour, rows)


def _insert(table: Table, columns: tuple[str, ...], mark: str, rows: int = 1) -> str:
    marks = f"({', '.join([mark] * len(columns))})"
    values = ", ".join([marks] * rows)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {values}"


def _adding(table: Table, mark: str) -> str:
    """Insert sums, or add them to those that are there."""
    keys = [column.name for column in table.primary_key]
    sums = [name for name in table.columns.keys() if name not in keys]  # noqa: SIM118 - no dict
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    insert = _insert(table, (*keys, *sums), mark)
    return f"{insert} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"
