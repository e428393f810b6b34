"""Waiting: rows that are to be written, made by the event loop and taken by the writer's thread."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.telemetry.events import RequestFinished

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 2_000


class Portion:
    """Rows that are written together, and what they add to the sums by hour."""

    __slots__ = ("rows", "sums")

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.sums = Sums()


class Waiting:
    """A bounded queue of rows, in portions.

    Rows are made as soon as a request has finished, while all of it is in the processor's caches;
    its messages can then be forgotten, however long the database is away. The thread takes a
    whole portion at a time, so that the two hardly ever meet.

    Args:
        most: Rows that may wait.

    Attributes:
        maker: Makes rows; until the database has been opened there is none, and requests wait as
            they are.
    """

    def __init__(self, most: int) -> None:
        self.maker: RowMaker | None = None
        self._most = most
        self._lock = threading.Lock()
        self._early: list[RequestFinished] = []
        self._portions: deque[Portion] = deque()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, events: Sequence[RequestFinished]) -> int:
        """Take finished requests; how many found no room or cannot be made rows of."""
        with self._lock:
            taken = events[: max(0, self._most - self._count)]
            self._count += len(taken)
            if self.maker is None:
                self._early.extend(taken)
                return len(events) - len(taken)
            if not self._portions or len(self._portions[-1].rows) >= _AT_ONCE:
                self._portions.append(Portion())
            failed = _fill(self._portions[-1], self.maker, taken)
            self._count -= failed
            return len(events) - len(taken) + failed

    def opened(self, maker: RowMaker) -> int:
        """The database is open: rows are made with this from now on; how many cannot be made."""
        with self._lock:
            self.maker = maker
            early, self._early = self._early, []
        first = Portion()
        failed = _fill(first, maker, early)
        with self._lock:
            self._count -= failed
            if first.rows:
                self._portions.appendleft(first)
        return failed

    def take(self) -> Portion | None:
        """The oldest portion, which nobody touches any more; `None` if nothing waits."""
        with self._lock:
            if not self._portions:
                return None
            portion = self._portions.popleft()
            self._count -= len(portion.rows)
            return portion

    def put_back(self, portion: Portion) -> None:
        """It could not be written now."""
        with self._lock:
            self._portions.appendleft(portion)
            self._count += len(portion.rows)

    def clear(self) -> int:
        """Forget all that waits; how many."""
        with self._lock:
            count, self._count = self._count, 0
            self._early.clear()
            self._portions.clear()
            return count


def _fill(portion: Portion, maker: RowMaker, events: Sequence[RequestFinished]) -> int:
    failed = 0
    for event in events:
        try:
            row, compute = maker.row(event)
            portion.sums.add(event, compute)
        except Exception:  # a defect of ours; requests must go on
            logger.exception("the decision log has a defect; a decision is dropped")
            failed += 1
        else:
            portion.rows.append(row)
    return failed
