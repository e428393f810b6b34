"""LazyEngine: the log's database, opened when it is first needed, once, from whichever thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # SQLAlchemy is not loaded where there is no log
    from sqlalchemy.engine import Engine


class LazyEngine:
    """Opens, hands out, and lets go of one database.

    Args:
        url: Says where it is when it is opened.
    """

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._file: tuple[int, int] | None = None
        self._lock = threading.Lock()

    def get(self) -> Engine:
        """The open database; may wait for it to be opened, so it belongs into a thread.

        One whose file was removed or replaced is opened anew.

        Raises:
            DecisionLogError: It cannot be opened; the next call tries again.
        """
        from gearshift.decision_log.database import file_of, open_database

        with self._lock:
            if self._engine is not None and file_of(self._engine) != self._file:
                self._engine.dispose()
                self._engine = None
            if self._engine is None:
                self._engine = open_database(self._url())
                self._file = file_of(self._engine)
            return self._engine

    def close(self) -> None:
        """Let go of it; the next `get` opens it anew."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()
