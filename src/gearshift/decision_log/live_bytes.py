"""How many bytes the rows take that are in the log now, in either database.

Neither database says so. PostgreSQL's files do not shrink by deleting, and what it counts of rows
is as old as its last vacuum; a SQLite file also holds what is not the log's. So rows are measured,
of a large table a part: always the same one, or each look would err anew, and whoever deletes what
is too much by its word would delete a little at every look.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, String, Table, text
from sqlalchemy.engine import Connection
from sqlalchemy.sql import literal_column

from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS

_PAGES: Final = 2_000
"""Of PostgreSQL, 8 KiB each: of so many the estimate errs by some 2 %."""
_ROWS: Final = 4_000
"""Of SQLite, between half as many and as many."""
_OVERHEAD: Final = {"sqlite": 200, "postgresql": 140}
"""Of a row beside its texts or columns: headers, numbers where they are not measured, indexes."""


def live_bytes(connection: Connection, part: str = "") -> float:
    """What decisions and judgements take; or those of one partition, by its name."""
    if connection.dialect.name == "sqlite":
        return sum(_of_sqlite(connection, table) for table in (DECISIONS, JUDGEMENTS))
    return sum(_of_postgresql(connection, table, part) for table in (DECISIONS, JUDGEMENTS))


def row_bytes(table: Table, dialect: str) -> ColumnElement[Any]:
    """What one row takes, as an expression; within a fifth or so."""
    if dialect == "sqlite":
        names = [column.name for column in table.columns if isinstance(column.type, String)]
        each = [f"COALESCE(LENGTH(CAST({table.name}.{name} AS BLOB)), 0)" for name in names]
    else:
        # As stored, compressed and beside the table too; nothing is read for it.
        names = list(table.columns.keys())
        each = [f"COALESCE(PG_COLUMN_SIZE({table.name}.{name}), 0)" for name in names]
    return literal_column(f"({' + '.join(each)} + {_OVERHEAD[dialect]})")


def _of_postgresql(connection: Connection, table: Table, part: str) -> float:
    name = f"{table.name}_{part}" if part else table.name
    pages = connection.execute(
        text(
            "SELECT COALESCE((SELECT SUM(pg_relation_size(relid)) FROM "
            "pg_partition_tree(CAST(:name AS regclass))), "
            "pg_relation_size(CAST(:name AS regclass))) / "
            "CAST(current_setting('block_size') AS integer)"
        ),
        {"name": name},  # found as the statements find it, not in other people's schemas
    ).scalar()
    percent = min(100.0, 100.0 * _PAGES / max(1, int(pages or 0)))
    size = row_bytes(table, "postgresql").compile().string
    sample = f"{name} AS {table.name} TABLESAMPLE SYSTEM ({percent!r}) REPEATABLE (0)"
    sampled = connection.execute(text(f"SELECT SUM({size}) FROM {sample}")).scalar()
    return float(sampled or 0) * 100.0 / percent


def _of_sqlite(connection: Connection, table: Table) -> float:
    # Two questions: each looks at one end only.
    first, last = (
        connection.execute(text(f"SELECT {end}(rowid) FROM {table.name}")).scalar()
        for end in ("MIN", "MAX")
    )
    if first is None or last is None:
        return 0.0
    step = 1
    while (last - first) // step >= _ROWS:
        step *= 2
    size = row_bytes(table, "sqlite").compile().string
    sampled = connection.execute(
        text(
            "WITH RECURSIVE chosen(number) AS (SELECT :first UNION ALL "
            "SELECT number + :step FROM chosen WHERE number + :step <= :last) "
            f"SELECT SUM({size}) FROM chosen CROSS JOIN {table.name} "
            f"ON {table.name}.rowid = chosen.number"
        ),
        {"first": -(-first // step) * step, "step": step, "last": last},
    ).scalar()
    return float(sampled or 0) * step
