"""Upkeep: a thread that deletes what is old from the log, while this process owns it."""

from __future__ import annotations

import logging
import threading
from typing import Final

from gearshift.decision_log.lazy_engine import LazyEngine
from gearshift.decision_log.lease import Lease
from gearshift.decision_log.retention import Retention

logger = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 10.0


class Upkeep:
    """Looks after the log every minute; whatever is wrong with it, writing goes on.

    Args:
        url: Of the log's database.
        lease: Says whether it is for this process to do.
        retention: What is deleted when.
        every_seconds: Between two looks at whether there is anything to do.
    """

    def __init__(
        self, url: str, lease: Lease, retention: Retention, every_seconds: float = _EVERY_SECONDS
    ) -> None:
        self._database = LazyEngine(lambda: url)
        self._lease = lease
        self._retention = retention
        self._every_seconds = every_seconds
        self._is_in_trouble = False
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
            if not self._lease.is_held:
                continue
            try:
                self._retention.apply(self._database.get(), begin=self._lease.acting)
                self._is_in_trouble = False
            except Exception as error:  # noqa: BLE001 - a database may fail in any way
                if not self._is_in_trouble:
                    logger.warning("decision log, upkeep: %s", " ".join(str(error).split()))
                self._is_in_trouble = True
