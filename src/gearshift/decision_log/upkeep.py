"""Upkeep: a thread that divides the log by day and deletes what is old, in the owner's process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.engine import Engine

from gearshift.decision_log.database import time_of
from gearshift.decision_log.dividing import keep_divided
from gearshift.decision_log.lazy_engine import LazyEngine
from gearshift.decision_log.lease import Lease
from gearshift.decision_log.retention import Retention

logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 5.0
_REST_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0


class Upkeep:
    """Looks after the log every minute; whatever is wrong with it, writing goes on.

    Args:
        url: Of the log's database.
        lease: Says whether it is for this process to do.
        retention: What is deleted when.
        every_seconds: Between two looks at whether there is anything to do.
        clock: Seconds, never back.
    """

    def __init__(
        self,
        url: str,
        lease: Lease,
        retention: Retention,
        every_seconds: float = _LOOK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = LazyEngine(lambda: url)
        self._lease = lease
        self._retention = retention
        self._every_seconds = every_seconds
        self._clock = clock
        self._due = clock()
        self._reported: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Do no more of it; what has begun is finished, within ten seconds."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)
        self._database.close()

    def _run(self) -> None:
        while not self._stop.wait(self._every_seconds):
            if self._lease.is_held and self._clock() >= self._due:
                self._due = self._clock() + _REST_SECONDS
                for name, part in (("partitions", self._divide), ("retention", self._delete)):
                    self._report(name, self._tried(part))

    def _divide(self, engine: Engine, now: float) -> str:
        if engine.dialect.name != "postgresql":
            return ""
        return keep_divided(engine, now, self._lease.acting)

    def _delete(self, engine: Engine, now: float) -> str:
        self._retention.apply(engine, now, self._lease.acting)
        return ""

    def _tried(self, part: Callable[[Engine, float], str]) -> str:
        """Do a part of it by the database's clock; what was wrong, one does not stop the other."""
        try:
            engine = self._database.get()
            with engine.connect() as connection:
                now = time_of(connection)
            return part(engine, now)
        except Exception as error:  # noqa: BLE001 - a database may fail in any way
            return " ".join(str(getattr(error, "orig", None) or error).split())

    def _report(self, name: str, trouble: str) -> None:
        """Log what is wrong, once as long as it is."""
        if trouble and self._reported.get(name) != trouble:
            logger.warning("decision log, %s: %s", name, trouble)
        self._reported[name] = trouble
