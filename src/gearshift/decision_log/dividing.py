"""Divides the tables of a log in PostgreSQL into partitions, while gateways of any version write.

What is there becomes the first partition, whatever its size: it is checked beforehand, without
keeping anybody from reading or writing, that all of it lies below the first day with a partition
of its own; so taking it over is a matter of names, for which the tables are locked for some
milliseconds. Processes of older versions notice nothing: their statements mean the same.
"""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.lease import Begin
from gearshift.decision_log.partitions import (
    AHEAD_DAYS,
    DAY_SECONDS,
    altering,
    first_id,
    make_ahead,
    make_part,
    make_rest,
)

logger = logging.getLogger(__name__)

_TABLES: Final = (("decisions", "id"), ("judgements", "decision_id"))
_MARGIN_DAYS: Final = 3
"""Until the first day of its own, so that a stop in the middle refuses no rows for two days."""
_CHECK: Final = "before_partitions"

_NOT_OURS: Final = """
SELECT EXISTS (SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = to_regclass(:table))
    OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(:table) AND NOT tgisinternal)
    OR EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = to_regclass(:table))
    OR (SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass(:table))
"""
_GRANTS: Final = """
SELECT format('GRANT %s ON %I TO %s', a.privilege_type, CAST(:table AS text),
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.oid = to_regclass(CAST(:table AS text) || '_older') AND a.grantee <> c.relowner
"""


def keep_divided(engine: Engine, now: float, begin: Begin) -> str:
    """Divide the tables if need be, and make the next days' partitions; `divide` says the rest."""
    reason = divide(engine, now, begin)
    if not reason:
        make_ahead(engine, now, begin)
    return reason


def divide(engine: Engine, now: float, begin: Begin) -> str:
    """Divide the tables, unless they are already; a second one who tries has nothing to do.

    A table that others have built upon (views, triggers, publications, row security) stays as it
    is: these would go on to mean what is then its oldest part.

    Args:
        engine: Of the log.
        now: Seconds since 1970.
        begin: Begins each short transaction.

    Returns:
        Why they are not divided; empty where they are.

    Raises:
        SQLAlchemyError: The database is in trouble, or somebody holds a table for too long.
    """
    with engine.connect() as connection:
        if _is_divided(connection):
            return ""
        reason, day = _first_day(connection, int(now // DAY_SECONDS))
    if day is None:
        return reason
    _check(engine, day, begin)
    with altering(engine, begin) as connection:
        # Whoever writes or reads is waited for, in the order in which they take them.
        connection.execute(text("LOCK TABLE decisions, judgements IN ACCESS EXCLUSIVE MODE"))
        if not _is_divided(connection):
            _swap(connection, day, int(now // DAY_SECONDS))
    logger.info("decision log: decisions have a partition for each day from now on")
    return ""


def _is_divided(connection: Connection) -> bool:
    kind = "SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass('decisions')"
    return bool(connection.scalar(text(kind)))


def _first_day(connection: Connection, today: int) -> tuple[str, int | None]:
    """The first day with a partition of its own; `None`, and why, where there can be none yet."""
    for table, _ in _TABLES:
        if connection.scalar(text(_NOT_OURS), {"table": table}):
            return f"a view, trigger, publication or policy depends on {table}", None
    day = today + _MARGIN_DAYS
    for table, key in _TABLES:
        newest = connection.scalar(text(f"SELECT max({key}) FROM {table}"))
        if newest is not None and newest >= first_id(day):
            # Of an early version, whose names had no time in them, or under a very wrong clock.
            return f"{table} has names that no time has yet, such as {newest}", None
    return "", day


def _check(engine: Engine, day: int, begin: Begin) -> None:
    """Have the database know that all rows lie below that day; only the first step locks."""
    for table, key in _TABLES:
        with altering(engine, begin) as connection:
            connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            if _is_divided(connection):  # meanwhile: no check may stand on the whole
                return
            drop = f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {_CHECK}"
            check = f"ADD CONSTRAINT {_CHECK} CHECK ({key} < '{first_id(day)}') NOT VALID"
            connection.execute(text(f"{drop}, {check}"))
    for table, _ in _TABLES:
        # Reads the whole table, so nobody else must wait for the lease meanwhile.
        with altering(engine, Engine.begin) as connection:
            mode = "SHARE UPDATE EXCLUSIVE"
            connection.execute(text(f"LOCK TABLE {table} IN {mode} MODE"))
            if not _is_divided(connection):
                connection.execute(text(f"ALTER TABLE {table} VALIDATE CONSTRAINT {_CHECK}"))


def _swap(connection: Connection, day: int, today: int) -> None:
    """Put divided tables in the place of these, which become their first partition."""
    is_empty = not connection.scalar(text("SELECT EXISTS (SELECT FROM decisions)"))
    for table, key in _TABLES:
        _put_aside(connection, table)
        like = f"LIKE {table}_older INCLUDING DEFAULTS"
        connection.execute(text(f"CREATE TABLE {table} ({like}) PARTITION BY RANGE ({key})"))
        for statement in connection.scalars(text(_GRANTS), {"table": table}).all():
            connection.execute(text(statement))
    for statement in (
        "ALTER TABLE decisions ADD PRIMARY KEY (id)",
        "CREATE INDEX ix_decisions_time ON decisions (time)",
        "ALTER SEQUENCE judgements_number_seq OWNED BY judgements.number",
        "CREATE INDEX ix_judgements_decision_id ON judgements (decision_id)",
        "CREATE INDEX ix_judgements_time ON judgements (time)",
        "CREATE UNIQUE INDEX ux_judgements_user ON judgements (decision_id) WHERE judge = 'user'",
    ):
        connection.execute(text(statement))
    if is_empty:
        connection.execute(text("DROP TABLE judgements_older, decisions_older"))
        day = today - 1
    else:
        _attach(connection, day)
    make_rest(connection)
    for number in range(day, today + AHEAD_DAYS + 1):
        make_part(connection, number)


def _put_aside(connection: Connection, table: str) -> None:
    """Give a table and its indexes other names."""
    connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_older"))
    indexes = "SELECT indexrelid::regclass FROM pg_index WHERE indrelid = to_regclass(:table)"
    for index in connection.scalars(text(indexes), {"table": f"{table}_older"}).all():
        connection.execute(text(f'ALTER INDEX {index} RENAME TO "older_{index.strip(chr(34))}"'))


def _attach(connection: Connection, day: int) -> None:
    for table, _ in _TABLES:
        bounds = f"FOR VALUES FROM (MINVALUE) TO ('{first_id(day)}')"
        connection.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {table}_older {bounds}"))
