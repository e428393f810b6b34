"""WriteQueue: rows made by the event loop, waiting for the writer's thread."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from sys import getsizeof
from typing import Any, Final

from gearshift.decision_log.rows import RowMaker, Sums, prompt_of
from gearshift.telemetry.events import RequestFinished

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 2_000
_ROW_BYTES: Final = 1_200
"""What a row, or a request of which only that is kept which a row needs, takes in memory."""


class WriteBatch:
    """Rows that are written together, and what they add to the sums by hour.

    Attributes:
        size: Bytes that they take in memory.
        is_repeated: The database was in trouble when they were written before, if they were.
        is_divided: Not written in one transaction, because one of them cannot be.
    """

    __slots__ = ("is_divided", "is_repeated", "rows", "size", "sums")

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.sums = Sums()
        self.size = 0
        self.is_repeated = False
        self.is_divided = False


class WriteQueue:
    """A queue of rows, in batches, bounded in their number and in their bytes.

    Rows are made as soon as a request has finished, while all of it is in the processor's caches;
    its messages can then be forgotten, however long the database is away. The thread takes a
    whole batch at a time, so that the two hardly ever meet.

    Args:
        most: Rows that may wait.
        most_bytes: What they may take in memory.

    Attributes:
        maker: Makes rows; until the database has been opened there is none, and of requests waits
            what a row needs, which of their messages is no more than the user's last words.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self.maker: RowMaker | None = None
        self._most = most
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._early: list[RequestFinished] = []
        self._batches: deque[WriteBatch] = deque()
        self._count = 0
        self._size = 0

    def __len__(self) -> int:
        return self._count

    @property
    def size(self) -> int:
        """Bytes that what waits takes in memory."""
        return self._size

    def add(self, events: Sequence[RequestFinished]) -> int:
        """Take finished requests; how many found no room or cannot be made rows of."""
        with self._lock:
            return sum(not self._added(event) for event in events)

    def opened(self, maker: RowMaker) -> int:
        """The database is open: rows are made with this from now on; how many cannot be made."""
        with self._lock:
            self.maker = maker
            early, self._early = self._early, []
        first = WriteBatch()
        failed = sum(not _made(first, maker, event) for event in early)
        with self._lock:
            self._count -= failed
            self._size += first.size - sum(_size_of(event) for event in early)
            if first.rows:
                self._batches.appendleft(first)
        return failed

    def take(self) -> WriteBatch | None:
        """The oldest batch, which nobody touches any more; `None` if nothing waits."""
        with self._lock:
            if not self._batches:
                return None
            batch = self._batches.popleft()
            self._count -= len(batch.rows)
            self._size -= batch.size
            return batch

    def requeue(self, batch: WriteBatch) -> None:
        """It could not be written now."""
        batch.is_repeated = True
        with self._lock:
            if not self._batches:  # it may be written already, so it takes no further rows
                self._batches.append(WriteBatch())
            self._batches.appendleft(batch)
            self._count += len(batch.rows)
            self._size += batch.size

    def clear(self) -> int:
        """Forget all that waits; how many."""
        with self._lock:
            count, self._count, self._size = self._count, 0, 0
            self._early.clear()
            self._batches.clear()
            return count

    def _added(self, event: RequestFinished) -> bool:
        if self._count >= self._most or self._size >= self._most_bytes:
            return False
        if self.maker is None:
            kept = _bare(event)
            self._early.append(kept)
            self._size += _size_of(kept)
        else:
            if not self._batches or len(self._batches[-1].rows) >= _AT_ONCE:
                self._batches.append(WriteBatch())
            batch = self._batches[-1]
            before = batch.size
            if not _made(batch, self.maker, event):
                return False
            self._size += batch.size - before
        self._count += 1
        return True


def _bare(event: RequestFinished) -> RequestFinished:
    """A request with nothing of its conversation but what its row needs."""
    words = prompt_of(event.messages)
    last = ({"role": "user", "content": words},) if words else ()
    return event._replace(messages=last, prompt=None)


def _size_of(event: RequestFinished) -> int:
    return _ROW_BYTES + getsizeof(prompt_of(event.messages))


def _made(batch: WriteBatch, maker: RowMaker, event: RequestFinished) -> bool:
    try:
        row, compute = maker.row(event)
        batch.sums.add(event, compute)
    except Exception:  # a bug of ours; requests must go on
        logger.exception("internal error in the decision log; a decision is dropped")
        return False
    batch.rows.append(row)
    words = prompt_of(event.messages) if maker.with_prompts else ""
    batch.size += _ROW_BYTES + getsizeof(words)
    return True
