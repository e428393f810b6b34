"""Facts: single values that belong to the database itself."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.engine import Engine

from gearshift.decision_log.schema import FACTS


def read_fact(engine: Engine, name: str) -> str | None:
    """A fact's value, if it is known."""
    with engine.connect() as connection:
        found = connection.execute(select(FACTS.c.value).where(FACTS.c.name == name)).scalar()
    return None if found is None else str(found)


def write_fact(engine: Engine, name: str, value: str) -> None:
    """Set a fact."""
    with engine.begin() as connection:
        connection.execute(delete(FACTS).where(FACTS.c.name == name))
        connection.execute(FACTS.insert().values(name=name, value=value))
