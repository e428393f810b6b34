"""`gearshift export`: the decision log as Parquet files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gearshift.cli.options import config_option, json_option, load, print_json, since_option
from gearshift.cli.stats import hours_of, open_log
from gearshift.errors import GearshiftError
from gearshift.extras import extra

if TYPE_CHECKING:  # SQLAlchemy and pyarrow are imported only when the log is read
    from sqlalchemy import Table
    from sqlalchemy.engine import Engine

_AT_ONCE: Final = 10_000


@click.command(name="export")
@click.option("--out", required=True, metavar="FOLDER", help="Folder for the files.")
@since_option
@config_option
@json_option
def command(out: str, since: str | None, config: str | None, as_json: bool) -> None:
    """Write the decisions and judgements of the log as Parquet, for DuckDB, Spark or pandas.

    No file is ever incomplete: each is written under a temporary name first.
    """
    start = 0.0 if since is None else time.time() - 3_600 * hours_of(since)
    engine = open_log(load(config))
    try:
        from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS

        folder = _folder(out)
        written = {
            table.name: _export(engine, table, start, folder / f"{table.name}.parquet")
            for table in (DECISIONS, JUDGEMENTS)
        }
    finally:
        engine.dispose()
    if as_json:
        print_json({"folder": str(folder), "rows": written})
    else:
        for name, rows in written.items():
            click.echo(f"{folder / name}.parquet  {rows:,} rows")


def _folder(out: str) -> Path:
    folder = Path(out).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GearshiftError(f"--out {out}: cannot be created: {error.strerror}") from error
    return folder


def _export(engine: Engine, table: Table, start: float, file: Path) -> int:
    """Write one table's rows from a time on; how many there are."""
    with extra("export", "a Parquet file"):
        import pyarrow
        from pyarrow import parquet
    schema = pyarrow.schema([(column.name, _type(pyarrow, column)) for column in table.columns])
    temporary = file.with_name(f".{file.name}.new")
    count = 0
    try:
        with parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for rows in _batches(engine, table, start):
                writer.write_table(pyarrow.Table.from_pylist(rows, schema))
                count += len(rows)
        temporary.replace(file)
    except OSError as error:
        raise GearshiftError(f"{file}: cannot be written: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _batches(engine: Engine, table: Table, start: float) -> Iterator[list[dict[str, Any]]]:
    query = table.select().where(table.c.time >= start).order_by(table.c.time)
    with engine.connect() as connection:
        result = connection.execution_options(stream_results=True, yield_per=_AT_ONCE).execute(
            query
        )
        for rows in result.mappings().partitions(_AT_ONCE):
            yield [dict(row) for row in rows]


def _type(pyarrow: Any, column: Any) -> Any:
    kinds = {
        bool: pyarrow.bool_(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        str: pyarrow.string(),
    }
    return kinds[column.type.python_type]
