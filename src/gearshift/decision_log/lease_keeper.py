"""LeaseKeeper: a thread that takes the lease as soon as it can be had, and keeps it."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Final

from gearshift.decision_log.lazy_engine import LazyEngine
from gearshift.decision_log.lease import Lease

logger = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 10.0


def this_process() -> str:
    """What people recognise this process by: its machine (a pod's name) and number."""
    return f"{socket.gethostname()}:{os.getpid()}"


class LeaseKeeper:
    """Asks every five seconds; a holder that dies is replaced within `SECONDS` and these.

    Args:
        url: Of the log's database.
        lease: What is kept.
        every_seconds: Between two questions.
    """

    def __init__(self, url: str, lease: Lease, every_seconds: float = _EVERY_SECONDS) -> None:
        self._database = LazyEngine(lambda: url)
        self._lease = lease
        self._every_seconds = every_seconds
        self._is_owner = False
        self._is_in_trouble = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-lease", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more, and let somebody else have the lease."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)
        self._database.close()

    def _run(self) -> None:
        while True:
            self._tried(self._ask)
            if self._stop.wait(self._every_seconds):
                break
        self._tried(lambda: self._lease.release(self._database.get()))

    def _ask(self) -> None:
        is_owner = self._lease.take(self._database.get())
        if is_owner != self._is_owner:
            does = "looks after" if is_owner else "no longer looks after"
            logger.info("decision log: %s %s the log", this_process(), does)
        self._is_owner = is_owner

    def _tried(self, ask: Callable[[], None]) -> None:
        try:
            ask()
        except Exception as error:  # noqa: BLE001 - a database may fail in any way
            if not self._is_in_trouble:
                logger.warning("decision log, lease: %s", " ".join(str(error).split()))
            self._is_in_trouble = True
        else:
            self._is_in_trouble = False
