"""Alarms as the log keeps them: raised once, ended once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.lease import Begin
from gearshift.decision_log.schema import ALARMS
from gearshift.guarantees.alarms import Alarm


@dataclass(frozen=True, slots=True)
class KeptAlarm:
    """An alarm, and since when; `until` is `None` while it lasts. Seconds since 1970."""

    name: str
    since: float
    until: float | None
    value: float
    limit: float
    message: str


def kept_alarms(engine: Engine, *, only_lasting: bool = True, most: int = 100) -> list[KeptAlarm]:
    """Those that last, or the newest of all."""
    query = select(ALARMS).order_by(ALARMS.c.since.desc()).limit(most)
    if only_lasting:
        query = query.where(ALARMS.c.until.is_(None))
    with engine.connect() as connection:
        return [
            KeptAlarm(row.name, row.since, row.until, row.value, row.threshold, row.message)
            for row in connection.execute(query)
        ]


def update_alarms(
    engine: Engine, now: float, alarms: Sequence[Alarm], begin: Begin = Engine.begin
) -> tuple[list[Alarm], list[str]]:
    """Write what is wrong now.

    Of several processes that see the same, one raises an alarm and one ends it.

    Returns:
        The alarms that this call has raised, and the names of those that it has ended.
    """
    raised = {alarm.name for alarm in alarms}
    lasting = {alarm.name for alarm in kept_alarms(engine)}
    with begin(engine) as connection:
        over = [name for name in sorted(lasting - raised) if _ended(connection, name, now)]
        new = [alarm for alarm in alarms if _raised(connection, alarm, now)]
    return new, over


def _ended(connection: Connection, name: str, now: float) -> bool:
    lasts = ALARMS.update().where(ALARMS.c.name == name, ALARMS.c.until.is_(None))
    return connection.execute(lasts.values(until=now)).rowcount > 0


def _raised(connection: Connection, alarm: Alarm, now: float) -> bool:
    """Raise it, or bring what is written of it up to date."""
    values = {"value": alarm.value, "threshold": alarm.limit, "message": alarm.message}
    lasts = ALARMS.update().where(ALARMS.c.name == alarm.name, ALARMS.c.until.is_(None))
    if connection.execute(lasts.values(values)).rowcount:
        return False
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    first = insert(ALARMS).values(name=alarm.name, since=now, **values).on_conflict_do_nothing()
    return connection.execute(first.returning(ALARMS.c.name)).first() is not None
