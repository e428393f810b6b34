"""Both databases; PostgreSQL's is a schema of its own for each test."""

from __future__ import annotations

import functools
import os
import secrets
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from tests.fakes.logs import ACCOUNTING, fill

from gearshift.decision_log import dividing
from gearshift.decision_log import writer as writer_module
from gearshift.decision_log.dividing import divide
from gearshift.decision_log.schema import METADATA
from gearshift.decision_log.writer import LogWriter

POSTGRES = os.environ.get(
    "GEARSHIFT_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test"
)


@contextmanager
def schema_of_postgres():
    schema = f"gearshift_{secrets.token_hex(6)}"
    admin = create_engine(
        make_url(POSTGRES).set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": 3},
    )
    try:
        with admin.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
    except SQLAlchemyError as error:
        pytest.skip(f"GEARSHIFT_TEST_POSTGRES_URL: no PostgreSQL there: {error.__class__.__name__}")
    url = make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture
def postgres_url():
    with schema_of_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_tables():
    with schema_of_postgres() as url:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        METADATA.create_all(engine)
        # As logs in PostgreSQL are; the rows of tests are of any time, so two days are enough.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dividing, "AHEAD_DAYS", 0)
            assert divide(engine, time.time(), Engine.begin) == ""
        yield engine
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'decisions.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request):
    """The tables alone, without the time that migrations take."""
    if request.param == "sqlite":
        engine = create_engine("sqlite://")
        METADATA.create_all(engine)
        yield engine
        engine.dispose()
        return
    engine = request.getfixturevalue("postgres_tables")
    yield engine
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables):  # few rows, which TRUNCATE takes longer for
            connection.execute(table.delete())


@pytest.fixture
def write(log):
    """Writes finished requests into the log."""
    return functools.partial(fill, log)


@pytest.fixture
def writers(monkeypatch):
    """Makes writers, quick to try again and slow to give up, and ends them."""
    monkeypatch.setattr(writer_module, "_AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(writer_module, "_STOP_SECONDS", 60.0)
    made = []

    def make(url, *, with_prompts=False, dropped=lambda count: None):
        writer = LogWriter(
            url,
            ACCOUNTING,
            with_prompts=with_prompts,
            dropped=dropped,
        )
        writer.start()
        made.append(writer)
        return writer

    yield make
    for writer in made:
        writer.stop()


def eventually(true, seconds=15):
    """Wait for something to become true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not become true")
