"""The statements that the writer runs, for either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.rows import COLUMNS, Hour, Sums
from gearshift.decision_log.schema import DECISIONS, HOURS, TIMES


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL as text, because building it for every batch takes longer than running it."""

    decision: str
    hour: str
    time: str

    @classmethod
    def of(cls, engine: Engine) -> Statements:
        """Those for a database."""
        mark = "?" if engine.dialect.name == "sqlite" else "%s"
        return cls(
            f"{_insert(DECISIONS, COLUMNS, mark)} ON CONFLICT (id) DO NOTHING",
            _adding(HOURS, mark),
            _adding(TIMES, mark),
        )

    def write(self, connection: Connection, rows: list[tuple[Any, ...]], sums: Sums) -> None:
        """Write a batch within the connection's transaction."""
        if rows:
            connection.exec_driver_sql(self.decision, rows)
        if sums.hours:
            self.add_hours(connection, sums.hours)
        if sums.times:
            times = [(*key, value) for key, value in sorted(sums.times.items())]
            connection.exec_driver_sql(self.time, times)

    def add_hours(self, connection: Connection, hours: Mapping[Hour, Sequence[float]]) -> None:
        """Add to the sums by hour."""
        # In one order everywhere, so that two processes never wait for each other.
        rows = [(*key, *values) for key, values in sorted(hours.items())]
        connection.exec_driver_sql(self.hour, rows)


def _insert(table: Table, columns: tuple[str, ...], mark: str) -> str:
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"


def _adding(table: Table, mark: str) -> str:
    """Insert sums, or add them to those that are there."""
    keys = [column.name for column in table.primary_key]
    sums = [name for name in table.columns.keys() if name not in keys]  # noqa: SIM118 - no dict
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    insert = _insert(table, (*keys, *sums), mark)
    return f"{insert} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"
