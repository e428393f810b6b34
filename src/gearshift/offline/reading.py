"""Reads files with DuckDB, whose memory is bounded, and names the file of whatever goes wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from gearshift.errors import GearshiftError
from gearshift.extras import extra
from gearshift.offline.parts import FilePart

with extra("offline", "reading exported logs"):
    import duckdb

JSON_LINES: Final = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")

Connection = Any
"""DuckDB's."""

_PERCENT: Final = 80


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """What one process may use.

    Attributes:
        memory: For DuckDB, as it writes sizes (`2GB`, `500MB`); empty for a share of all there is.
            Beyond it, data go to temporary files.
        workers: How many processes share `memory`.
    """

    memory: str = ""
    workers: int = 1


@contextmanager
def opened(limits: MemoryLimit) -> Iterator[Connection]:
    """A connection of one thread, so that rows keep their order, that loads nothing from afar.

    Raises:
        GearshiftError: DuckDB refuses the limit, or what it is asked within.
    """
    with tempfile.TemporaryDirectory(prefix="gearshift-offline-") as folder:
        options: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "temp_directory": folder,
            "autoinstall_known_extensions": False,
        }
        try:
            with duckdb.connect(":memory:", config=options) as connection:
                _limit(connection, limits)
                yield connection
        except duckdb.Error as error:
            raise GearshiftError(told(error)) from error


def _limit(connection: Connection, limits: MemoryLimit) -> None:
    """Each process gets its share."""
    if limits.memory:
        connection.execute(f"SET memory_limit = '{limits.memory}'")
    setting = "SELECT current_setting('memory_limit')"
    if not limits.memory:
        share = max(1, _PERCENT // limits.workers)
        connection.execute(f"SET memory_limit = '{share}%'")
    elif limits.workers > 1:
        amount, unit = connection.execute(setting).fetchone()[0].split()
        share_of_it = float(amount) / limits.workers
        connection.execute(f"SET memory_limit = '{share_of_it:.3f}{unit}'")


def row_groups(connection: Connection, file: str) -> list[int]:
    """How many rows each row group of a Parquet file has.

    Raises:
        GearshiftError: It is not a Parquet file, or damaged.
    """
    query = (
        "SELECT any_value(row_group_num_rows) FROM parquet_metadata(?) "
        "GROUP BY row_group_id ORDER BY row_group_id"
    )
    with naming(file):
        return [rows for (rows,) in connection.execute(query, [file]).fetchall()]


def columns_of(connection: Connection, file: str) -> dict[str, str]:
    """The names and types of a file's columns.

    Raises:
        GearshiftError: It cannot be read.
    """
    with naming(file):
        found = connection.execute(f"DESCRIBE SELECT * FROM {_scan(file)}").fetchall()
    return {row[0]: row[1] for row in found}


def rows_of(part: FilePart) -> str:
    """SQL for a part's rows with all of their columns."""
    if part.rows is None:
        return f"(SELECT * FROM {_scan(part.file)})"
    scan = f"read_parquet({quoted(part.file)}, file_row_number = true)"
    last = part.first + part.rows
    return (
        f"(SELECT * EXCLUDE (file_row_number) FROM {scan} "
        f"WHERE file_row_number >= {part.first} AND file_row_number < {last})"
    )


def table(
    connection: Connection, part: FilePart, needed: Mapping[str, str], other: Mapping[str, str]
) -> str:
    """SQL for a part's rows with the given columns, by name with their types.

    Args:
        connection: Looks into the file.
        part: Whose rows.
        needed: Columns that must be there.
        other: Columns that are empty where the file does not have them.

    Raises:
        GearshiftError: One that is needed is not there.
    """
    there = columns_of(connection, part.file)
    missing = [name for name in needed if name not in there]
    if missing:
        raise GearshiftError(
            f"{part.file}: needs the columns {', '.join(needed)}; {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing"
        )
    chosen = (
        f"CAST({name if name in there else 'NULL'} AS {kind}) AS {name}"
        for name, kind in {**needed, **other}.items()
    )
    return f"(SELECT {', '.join(chosen)} FROM {rows_of(part)})"


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def naming(what: object) -> Iterator[None]:
    """Put a file's name before what DuckDB says of it.

    Raises:
        GearshiftError: DuckDB has refused something.
    """
    try:
        yield
    except duckdb.Error as error:
        raise GearshiftError(f"{what}: cannot be read: {told(error)}") from error


def told(error: Exception) -> str:
    """What DuckDB says, without the query."""
    return str(error).split("\n\nLINE ")[0].strip()


def _scan(file: str) -> str:
    if file.endswith(JSON_LINES):
        return f"read_json({quoted(file)}, format = 'newline_delimited')"
    return f"read_parquet({quoted(file)})"
