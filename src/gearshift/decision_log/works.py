"""Works: what else is to be done in the database beside writing rows, now or a little later."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

logger = logging.getLogger(__name__)

UNWRITABLE: Final = (DataError, IntegrityError, ValueError, OverflowError)
"""What a database or its driver raises for values that no column takes."""
_MOST: Final = 10_000
_MOST_BYTES: Final = 64_000_000
_TRIES: Final = 8
_REST_SECONDS: Final = 1.0  # after the first try; twice as long after each further one

Run = Callable[[Connection], None]
"""Does something within a transaction; may be run again where it fails."""


@dataclass(slots=True)
class Work:
    """Something to do, which takes `size` bytes of memory until it is done."""

    run: Run
    size: int
    tries: int = 0
    due: float = 0.0


class Works:
    """A bounded queue in which nothing blocks what is behind it.

    One that fails is tried again eight times, with longer and longer rests; then it is given up.

    Args:
        dropped: Told each time something was given up, or found no room.
        clock: Seconds, never back.
    """

    def __init__(
        self,
        dropped: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dropped = dropped
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[Work] = deque()
        self._size = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, run: Run, size: int = 0) -> None:
        """Take something to do; `size` is what it keeps in memory until then, in bytes."""
        with self._lock:
            has_room = len(self._waiting) < _MOST and self._size + size <= _MOST_BYTES
            if has_room:
                self._waiting.append(Work(run, size))
                self._size += size
        if not has_room:
            self._dropped()

    def take(self, *, at_last: bool = False) -> list[Work]:
        """Take out what it is time for; all of it, where there is no later."""
        now = self._clock()
        with self._lock:
            taken = [work for work in self._waiting if at_last or work.due <= now]
            chosen = set(map(id, taken))
            self._waiting = deque(work for work in self._waiting if id(work) not in chosen)
            self._size -= sum(work.size for work in taken)
        return taken

    def do(self, taken: list[Work], engine: Engine) -> None:
        """Do what was taken out.

        Raises:
            DBAPIError: The connection is lost; what is not done waits for the next one.
        """
        for place, work in enumerate(taken):
            try:
                with engine.begin() as connection:
                    work.run(connection)
            except DBAPIError as error:
                if error.connection_invalidated:
                    self.requeue(taken[place:])
                    raise
                self._failed(work, error)
            except Exception as error:  # noqa: BLE001 - whatever it is, what is behind goes on
                self._failed(work, error)

    def requeue(self, works: list[Work]) -> None:
        """They could not be done now, for no fault of theirs."""
        with self._lock:
            self._waiting.extendleft(reversed(works))
            self._size += sum(work.size for work in works)

    def give_up(self) -> int:
        """Forget what waits; how many."""
        with self._lock:
            count = len(self._waiting)
            self._waiting.clear()
            self._size = 0
        for _ in range(count):
            self._dropped()
        return count

    def _failed(self, work: Work, error: Exception) -> None:
        work.tries += 1
        if work.tries >= _TRIES or isinstance(error, UNWRITABLE):
            cause = " ".join(str(getattr(error, "orig", None) or error).split())
            logger.error("decision log: a write was abandoned: %s: %s", type(error).__name__, cause)
            self._dropped()
            return
        work.due = self._clock() + _REST_SECONDS * 2 ** (work.tries - 1)
        self.requeue([work])
