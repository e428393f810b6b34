"""A decision log in memory, and what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from tests.unit.decision_log.conftest import ACCOUNTING

from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.decision_log.schema import METADATA
from gearshift.decision_log.statements import Statements
from gearshift.telemetry.events import RequestFinished

Write = Callable[..., None]


@pytest.fixture
def log() -> Iterator[Engine]:
    """The tables, without the time that migrations take."""
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def write(log: Engine) -> Write:
    """Writes finished requests into the log."""

    def write(events: Iterable[RequestFinished], *, with_prompts: bool = False) -> None:
        maker, sums = RowMaker(b"salt", ACCOUNTING, with_prompts), Sums()
        rows = []
        for event in events:
            row, compute = maker.row(event)
            rows.append(row)
            sums.add(event, compute)
        with log.begin() as connection:
            Statements.of(log).write(connection, rows, sums)

    return write
