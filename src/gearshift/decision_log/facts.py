"""Facts: single values that belong to the database itself, and whose turn it is."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine

from gearshift.decision_log.schema import FACTS

_ROUNDING: Final = 1.0


def read_fact(engine: Engine, name: str) -> str | None:
    """A fact's value, if it is known."""
    with engine.connect() as connection:
        value = connection.execute(select(FACTS.c.value).where(FACTS.c.name == name)).scalar()
    return None if value is None else str(value)


def write_fact(engine: Engine, name: str, value: str) -> None:
    """Set a fact."""
    with engine.begin() as connection:
        connection.execute(delete(FACTS).where(FACTS.c.name == name))
        connection.execute(FACTS.insert().values(name=name, value=value))


def take_turn(engine: Engine, name: str, every_seconds: float, now: float) -> bool:
    """Whether it is time for something that one process does for all that share the database.

    Of several that ask at once, one is told so; the time of its turn is kept as a fact.

    Args:
        engine: The log's database.
        name: What is to be done.
        every_seconds: Between two turns, whoever has them.
        now: Seconds since 1970.
    """
    last = read_fact(engine, name)
    # One in the future was written under a wrong clock.
    if last is not None and float(last) <= now + _ROUNDING and now < float(last) + every_seconds:
        return False
    insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
    with engine.begin() as connection:
        if last is None:
            first = insert(FACTS).values(name=name, value=f"{now:.3f}").on_conflict_do_nothing()
            return connection.execute(first.returning(FACTS.c.name)).first() is not None
        unchanged = FACTS.update().where(FACTS.c.name == name, FACTS.c.value == last)
        return connection.execute(unchanged.values(value=f"{now:.3f}")).rowcount == 1
