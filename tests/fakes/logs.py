"""Decision logs with requests that never were."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

from gearshift.constants.model_sizes import parameters_of
from gearshift.decision_log.database import open_database
from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.decision_log.statements import Statements
from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.events import RequestFinished

ACCOUNTING = Accounting(
    lambda upstream, model: parameters_of(model), lambda: ("", "mistral:7b-instruct")
)


def fill(engine: Engine, events: Iterable[RequestFinished], *, with_prompts: bool = False) -> None:
    """Write finished requests into a log, as its writer does."""
    maker, sums = RowMaker(b"salt", ACCOUNTING, with_prompts), Sums()
    rows = []
    for event in events:
        row, compute = maker.row(event)
        rows.append(row)
        sums.add(event, compute)
    with engine.begin() as connection:
        Statements.of(engine).write(connection, rows, sums)


def log_in(folder: Path, events: Iterable[RequestFinished] = (), **options: bool) -> str:
    """The URL of a log in SQLite, without the time that migrations take."""
    file = folder / "decisions.db"
    file.write_bytes(_empty())
    url = f"sqlite:///{file}"
    if events := list(events):
        engine = create_engine(url)
        fill(engine, events, **options)
        engine.dispose()
    return url


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "decisions.db"
        open_database(f"sqlite:///{file}").dispose()
        return file.read_bytes()
