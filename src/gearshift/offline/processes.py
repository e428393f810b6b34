"""Processes: works on parts in processes of this machine."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from gearshift.errors import GearshiftError
from gearshift.offline.engine import PartWork, attempt, one_after_another
from gearshift.offline.parts import FilePart

R = TypeVar("R")


class Processes:
    """An engine; with one worker, or for one part, this process does the work itself.

    Args:
        workers: How many processes at most.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def map(
        self, work: PartWork[R], parts: Sequence[FilePart]
    ) -> Generator[tuple[FilePart, R], None, None]:
        """See `Engine`."""
        workers = min(self._workers, len(parts))
        if workers <= 1:
            yield from one_after_another(work, parts)
            return
        with _pool(workers) as pool:
            waiting = iter(parts)
            # No more than are worked on, and one each to go on with: results do not pile up.
            running = {
                pool.submit(attempt, work, part): part for part in _next(waiting, 2 * workers)
            }
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    part = running.pop(future)
                    yield part, _result(future, part)
                    running |= {
                        pool.submit(attempt, work, more): more for more in _next(waiting, 1)
                    }


def _next(parts: Iterator[FilePart], count: int) -> list[FilePart]:
    return [part for _, part in zip(range(count), parts, strict=False)]


def _result(future: Future[R], part: FilePart) -> R:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise GearshiftError(
            f"{part}: a worker process has died, perhaps for want of memory; "
            "fewer --workers or a smaller --memory-limit need less"
        ) from error


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that are ended, not waited for, if anything goes wrong here."""
    # Not forked: threads of DuckDB and others would be missing in the copy.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_signals_alone)
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


def _leave_signals_alone() -> None:
    """Ctrl-C reaches the whole group; who has started us ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
