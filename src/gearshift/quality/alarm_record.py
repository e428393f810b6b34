"""Alarms as the log keeps them: raised once, ended once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Engine

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
    engine: Engine, now: float, found: Sequence[Alarm]
) -> tuple[list[Alarm], list[str]]:
    """Write what is wrong now; which alarms are new, and the names of those that are over."""
    lasting = {alarm.name for alarm in kept_alarms(engine)}
    new = [alarm for alarm in found if alarm.name not in lasting]
    over = sorted(lasting - {alarm.name for alarm in found})
    with engine.begin() as connection:
        for name in over:
            ended = ALARMS.update().where(ALARMS.c.name == name, ALARMS.c.until.is_(None))
            connection.execute(ended.values(until=now))
        for alarm in found:
            values = {"value": alarm.value, "threshold": alarm.limit, "message": alarm.message}
            if alarm in new:
                row = {"name": alarm.name, "since": now, **values}
                connection.execute(ALARMS.insert().values(row))
            else:
                lasts = ALARMS.update().where(ALARMS.c.name == alarm.name, ALARMS.c.until.is_(None))
                connection.execute(lasts.values(values))
    return new, over
