"""Partitions by day of the log's large tables in PostgreSQL: made ahead, dropped as a whole.

A decision's id begins with the time at which it was made, so the tables are divided by ranges of
ids: an id stays unique in all of them, as no key of id and time would keep it. Judgements lie in
ranges of the same bounds, each referring to the decisions of its own day, with which they go.
Rows of a day that has no partition (of a host whose clock is a week ahead) go to one for the rest,
and from there to their day's, once it is made; so writing never fails for want of a partition,
and whoever writes makes none.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.lease import Begin

AHEAD_DAYS: Final = 7
"""So many days have their partition before they begin."""
DAY_SECONDS: Final = 86_400

_TICKS: Final = 256  # as `planning.decision_ids` counts them
_LOCK_MILLISECONDS: Final = 2_000
_TO: Final = re.compile(r"TO \('(dec-[0-9a-f]{10})'\)")
_PARTS: Final = """
SELECT substr(c.relname, 11) AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('decisions')
"""


class Partition(NamedTuple):
    """One partition of each table.

    Attributes:
        name: What follows the table's name: `20261128`, `older` or `rest`.
        end: The id that is not in it any more; `None` of the rest.
    """

    name: str
    end: str | None


def first_id(day: int) -> str:
    """What no id of a day (days since 1970, UTC) is less than.

    >>> first_id(20_000)
    'dec-66ff300000'
    """
    return f"dec-{day * DAY_SECONDS * _TICKS:010x}"


def day_name(day: int) -> str:
    """The name of a day's partition.

    >>> day_name(20_000)
    '20241004'
    """
    return time.strftime("%Y%m%d", time.gmtime(day * DAY_SECONDS))


def parts(connection: Connection) -> list[Partition]:
    """The partitions, the oldest first, the rest at the end; none where nothing is divided."""
    found = []
    if connection.dialect.name == "postgresql":
        for name, bounds in connection.execute(text(_PARTS)):
            end = _TO.search(bounds)
            found.append(Partition(name, end[1] if end else None))
    return sorted(found, key=lambda part: (part.end is None, part.end or ""))


def make_ahead(engine: Engine, now: float, begin: Begin) -> None:
    """Make the partitions from yesterday's on that there are not yet.

    Args:
        engine: A log that is divided already; where it is not, nothing happens.
        now: Seconds since 1970.
        begin: Begins each transaction.

    Raises:
        SQLAlchemyError: The database is in trouble, or somebody holds a table for too long.
    """
    with engine.connect() as connection:
        there = {part.end for part in parts(connection)}
    today = int(now // DAY_SECONDS)
    oldest = min((end for end in there if end), default=None)
    for day in range(today - 1, today + AHEAD_DAYS + 1):
        end = first_id(day + 1)
        if oldest is not None and oldest < end and end not in there:
            with altering(engine, begin) as connection:
                make_part(connection, day)


def drop(engine: Engine, part: Partition, begin: Begin) -> None:
    """Drop decisions and judgements of a partition; their space is free at once.

    Raises:
        SQLAlchemyError: The database is in trouble, or somebody holds a table for too long.
    """
    with altering(engine, begin) as connection:
        # In the order in which those who write take them, so that neither waits for the other.
        both = "ONLY decisions, ONLY judgements"
        connection.execute(text(f"LOCK TABLE {both} IN ACCESS EXCLUSIVE MODE"))
        connection.execute(text(f"DROP TABLE judgements_{part.name}, decisions_{part.name}"))


@contextmanager
def altering(engine: Engine, begin: Begin) -> Iterator[Connection]:
    """A transaction that changes tables, in their schema; gives up rather than hold up others."""
    with begin(engine) as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}"))
        connection.execute(
            text(
                "SELECT set_config('search_path', quote_ident(n.nspname), true) FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('facts')"
            )
        )
        yield connection


def make_part(connection: Connection, day: int) -> None:
    """Make a day's partition, with what lies in the rest of it."""
    name, first, end = day_name(day), first_id(day), first_id(day + 1)
    for table, key in (("judgements", "decision_id"), ("decisions", "id")):
        like = f"LIKE {table} INCLUDING DEFAULTS INCLUDING INDEXES"
        connection.execute(text(f"CREATE TABLE {table}_{name} ({like})"))
        # Judgements first: they would go with their decisions.
        connection.execute(
            text(
                f"WITH moved AS (DELETE FROM {table}_rest WHERE {key} >= '{first}' "
                f"AND {key} < '{end}' RETURNING *) INSERT INTO {table}_{name} SELECT * FROM moved"
            )
        )
    refer(connection, name)
    for table in ("decisions", "judgements"):
        bounds = f"FOR VALUES FROM ('{first}') TO ('{end}')"
        connection.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {table}_{name} {bounds}"))


def make_rest(connection: Connection) -> None:
    """Make the partition of whatever belongs to no day that there is."""
    for table in ("decisions", "judgements"):
        connection.execute(text(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT"))
    refer(connection, "rest")


def refer(connection: Connection, name: str) -> None:
    """Have the judgements of a partition go with their decisions, and be numbered once."""
    connection.execute(
        text(
            f"ALTER TABLE judgements_{name} ADD PRIMARY KEY (number), ADD FOREIGN KEY "
            f"(decision_id) REFERENCES decisions_{name} (id) ON DELETE CASCADE"
        )
    )
