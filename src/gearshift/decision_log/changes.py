"""Changes made through the admin plane, and totals since somebody has reset them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.decision_log.facts import read_fact, write_fact
from gearshift.decision_log.schema import CHANGES, HOURS
from gearshift.telemetry.compute import SHADOW
from gearshift.types import JsonObject

_RESET: Final = "metrics_reset"
_SUMS: Final = ("requests", "fallbacks", "scored", "score_sum")


class Change(NamedTuple):
    """One setting that was changed.

    Attributes:
        number: Of the change; 0 before it is written.
        key: Dotted.
        kept: Whether it was written into the configuration file.
    """

    number: int
    time: float
    key: str
    old: Any
    new: Any
    who: str
    kept: bool


def note_changes(engine: Engine, changes: Sequence[Change]) -> None:
    """Write changes down."""
    rows = [
        {
            "time": change.time,
            "key": change.key,
            "old": orjson.dumps(change.old).decode(),
            "new": orjson.dumps(change.new).decode(),
            "who": change.who,
            "kept": change.kept,
        }
        for change in changes
    ]
    if rows:
        with engine.begin() as connection:
            connection.execute(CHANGES.insert(), rows)


def changes(engine: Engine, most: int = 50) -> list[Change]:
    """The newest changes."""
    query = select(CHANGES).order_by(CHANGES.c.number.desc()).limit(most)
    with engine.connect() as connection:
        return [
            Change(
                row.number,
                row.time,
                row.key,
                orjson.loads(row.old),
                orjson.loads(row.new),
                row.who,
                row.kept,
            )
            for row in connection.execute(query)
        ]


def totals(engine: Engine) -> dict[str, dict[str, float]]:
    """Sums of requests by tier since the last reset."""
    now, before = _all_time(engine), _at_reset(engine)
    return {
        tier: {name: sums[name] - before.get(tier, {}).get(name, 0.0) for name in _SUMS}
        for tier, sums in now.items()
    }


def reset_totals(engine: Engine) -> None:
    """Count from zero from now on."""
    write_fact(engine, _RESET, orjson.dumps(_all_time(engine)).decode())


def _at_reset(engine: Engine) -> dict[str, dict[str, float]]:
    kept = read_fact(engine, _RESET)
    totals_then: JsonObject = {} if kept is None else orjson.loads(kept)
    return totals_then


def _all_time(engine: Engine) -> dict[str, dict[str, float]]:
    sums = [func.sum(HOURS.c[name]).label(name) for name in _SUMS]
    of_chats = (HOURS.c.cause != SHADOW, HOURS.c.tier != EMBEDDINGS)
    query = select(HOURS.c.tier, *sums).where(*of_chats).group_by(HOURS.c.tier)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return {row["tier"]: {name: float(row[name]) for name in _SUMS} for row in rows}
