"""Opens the log's database, and brings its schema up to date."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from gearshift.decision_log.schema import FACTS, HEAD, METADATA, VERSION
from gearshift.errors import GearshiftError, MissingExtraError

_FILE: Final = "decisions.db"
_BUSY_SECONDS: Final = 5.0
_LOCK: Final = 7_240_116  # of PostgreSQL's advisory locks, any number that nobody else takes
_SALT: Final = "salt"
_CLOCKS: Final = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "extract(epoch FROM clock_timestamp())",
}


class DecisionLogError(GearshiftError):
    """The decision log cannot be opened; the message says where it is and what to do."""


class MissingDriverError(DecisionLogError, MissingExtraError):
    """PostgreSQL is wanted, and its driver is not installed."""


def default_url(environment: Mapping[str, str] = os.environ) -> str:
    """In the user's state folder."""
    base = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return f"sqlite:///{Path(base) / 'gearshift' / _FILE}"


def open_database(url: str) -> Engine:
    """The database at a URL, with its tables as this version of gearshift wants them.

    Args:
        url: `sqlite:///` and a path, or `postgresql://…`.

    Raises:
        DecisionLogError: It cannot be reached, written to, or was made by a newer gearshift.
        MissingDriverError: PostgreSQL's driver is not installed.
    """
    try:
        engine = _engine(make_url(url))
    except ImportError as error:
        raise MissingDriverError("postgres", "a decision log in PostgreSQL", error) from error
    except (ArgumentError, OSError) as error:
        raise DecisionLogError(_trouble(url, error)) from error
    try:
        _migrate(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise DecisionLogError(_trouble(url, error)) from error
    except DecisionLogError:
        engine.dispose()
        raise
    return engine


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        pool: dict[str, Any] = {}
        if url.database and url.database != ":memory:":
            Path(url.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
            url = url.set(database=str(Path(url.database).expanduser()))
            # One connection stays open; each has a cache of its own.
            pool = {"pool_size": 1, "max_overflow": 9}
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, **pool)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    url = url.set(drivername="postgresql+psycopg")
    # Nothing is prepared: behind a pooler, the next transaction may have another connection.
    arguments = {"connect_timeout": 5, "prepare_threshold": None}
    engine = create_engine(url, connect_args=arguments, pool_pre_ping=True, pool_recycle=600)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _: object) -> None:
    """Have a day's judgements joined with the decisions of that day, and not with all."""
    connection.execute("SET enable_partitionwise_join = on")
    connection.commit()


def _prepare_sqlite(connection: Any, _: object) -> None:
    for pragma in (
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -1000",  # KiB; the system's own cache holds the rest for all of them
    ):
        connection.execute(f"PRAGMA {pragma}")


def version_of(engine: Engine) -> str | None:
    """The last migration that the database has seen."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)


def file_of(engine: Engine) -> tuple[int, int] | None:
    """Which file a SQLite database is in now; `None` if there is none, or for PostgreSQL."""
    try:
        file = os.stat(engine.url.database or "")
    except OSError:
        return None
    return file.st_dev, file.st_ino


def time_of(connection: Connection) -> float:
    """Seconds since 1970 by the database's clock, which all that share it have in common."""
    clock = connection.scalar(text(f"SELECT {_CLOCKS[connection.dialect.name]}"))
    return float(clock or 0.0)


def salt_of(engine: Engine) -> bytes:
    """What the hashes of this database are made with."""
    with engine.connect() as connection:
        fact = connection.execute(FACTS.select().where(FACTS.c.name == _SALT)).one()
    return bytes.fromhex(fact.value)


def _migrate(engine: Engine) -> None:
    """Bring the schema up to date; of several processes that start at once, one does it."""
    if version_of(engine) == HEAD:
        return
    with _locked(engine) as connection:
        version = version_of(engine)
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise DecisionLogError(
                f"{shown(engine.url)}: was written by a newer gearshift (schema {version}, this "
                f"one supports up to {HEAD}); upgrade gearshift, or set another decision_log.url"
            )
        if version is None:
            _create(connection)
        else:
            _upgrade(connection)
        has_salt = connection.execute(FACTS.select().where(FACTS.c.name == _SALT)).first()
        if not has_salt:
            connection.execute(FACTS.insert().values(name=_SALT, value=secrets.token_hex(16)))
        connection.commit()


def _create(connection: Connection) -> None:
    """The newest tables at once: to import Alembic and take its steps costs a third of a start."""
    if connection.dialect.name == "sqlite":
        # Its driver would begin no transaction for this, and a kill could leave half of the tables.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    METADATA.create_all(connection, checkfirst=False)
    VERSION.create(connection)
    connection.execute(VERSION.insert().values(version_num=HEAD))


def _upgrade(connection: Connection) -> None:
    """Take the steps that an older database has not seen."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    if engine.dialect.name == "sqlite":
        with _file_lock(engine.url.database), engine.connect() as connection:
            yield connection
        return
    # For the length of the transaction, so that it works behind a pooler, too.
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        yield connection


@contextmanager
def _file_lock(database: str | None, *, waits: bool = True) -> Iterator[bool]:
    import fcntl

    if not database or database == ":memory:":
        yield True
        return
    with open(f"{database}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def alone(engine: Engine) -> Iterator[bool]:
    """Whether nobody else who shares the database is in here; nobody comes in until the end.

    It goes with the process: one that dies leaves nothing locked.
    """
    if engine.dialect.name == "sqlite":
        with _file_lock(engine.url.database, waits=False) as is_alone:
            yield is_alone
        return
    lock = {"number": _LOCK + 1}
    # The transaction's: a lock of a session does not survive a pooler between us and the database.
    with engine.begin() as guard:
        # Of this schema: another one in the same database is another log.
        taken = "SELECT pg_try_advisory_xact_lock(:number, hashtext(current_schema()))"
        yield bool(guard.execute(text(taken), lock).scalar())


def shown(url: URL | str) -> str:
    """A URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "decision_log.url"


def _trouble(url: str, error: Exception) -> str:
    cause = " ".join(str(getattr(error, "orig", None) or error).split())
    return f"decision log {shown(url)}: {cause}"
