"""A decision log in memory, and what stands in it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from tests.fakes.logs import fill
from tests.unit.decision_log.conftest import postgres_url, url

from gearshift.decision_log.schema import METADATA

__all__ = ["postgres_url", "url"]

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
    return functools.partial(fill, log)
