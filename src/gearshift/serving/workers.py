"""Workers: the processes of `serve --workers N`, started, watched, told of changes, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import tempfile
from types import TracebackType
from typing import Final, Self

import orjson
from prometheus_client.multiprocess import mark_process_dead

from gearshift.cache.contents import Selection
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.providers.base import UpstreamConfig
from gearshift.serving.worker_process import WorkerGoneError, WorkerProcess
from gearshift.serving.worker_protocol import (
    CACHE,
    DRAINED,
    PREPARED,
    SWITCHED,
    Abort,
    Cache,
    Commit,
    Prepare,
    Start,
)
from gearshift.types import JsonObject

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0
_PREPARE_SECONDS: Final = 60.0
_SWITCH_SECONDS: Final = 30.0


class Workers:
    """Worker processes that share one listening socket; one that dies is replaced.

    As a context manager it owns the folder in which their metrics are added up.
    """

    def __init__(self, listener: socket.socket, count: int) -> None:
        self._listener = listener
        self._count = count
        self._tasks: list[asyncio.Task[None]] = []
        self._running: set[WorkerProcess] = set()
        self._number = 0
        # A worker that starts must not miss a change.
        self._changing = asyncio.Lock()

    def __enter__(self) -> Self:
        self._folder = tempfile.mkdtemp(prefix="gearshift-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._folder
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def start(self, settings: Settings, upstreams: tuple[UpstreamConfig, ...]) -> None:
        """Start all workers; returns when every one accepts requests.

        Raises:
            GearshiftError: One of them did not start.
        """
        self._begin = Start(settings, upstreams, self._listener.fileno(), self._count)
        started = await asyncio.gather(*(self._launch() for _ in range(self._count)))
        self._tasks = [asyncio.create_task(self._watch(worker)) for worker in started]

    async def stop(self) -> None:
        """Let them drain, then end them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._running:
            settings = self._begin.settings
            within = settings.shutdown.delay_seconds + settings.grace_seconds
            await asyncio.gather(*(worker.stop(within) for worker in self._running))

    async def change(
        self, settings: Settings, upstreams: tuple[UpstreamConfig, ...]
    ) -> asyncio.Future[None]:
        """Activate other settings in all workers, or in none.

        Returns:
            Ends when no worker uses the old settings any more.

        Raises:
            GearshiftError: One of them cannot; all go on as they were.
        """
        async with self._changing:
            self._number += 1
            order = Prepare(self._number, settings, upstreams)
            workers = tuple(self._running)
            try:
                await _all_prepared(workers, order)
            except BaseException:
                for worker in workers:
                    await worker.send(Abort(order.number))
                raise
            self._begin = Start(settings, upstreams, self._listener.fileno(), self._count)
            drained = [worker.answer(DRAINED, order.number) for worker in workers]
            await asyncio.gather(*(_switched(worker, order.number) for worker in workers))
        return asyncio.ensure_future(_ended(drained))

    async def cache_contents(self, which: Selection, *, clear: bool = False) -> list[JsonObject]:
        """What the workers keep in the memories of their caches, each for itself.

        Raises:
            GearshiftError: One of them does not answer; the others have done it.
        """
        self._number += 1
        order = Cache(self._number, which, clear)
        workers = tuple(self._running)
        answers = [worker.answer(CACHE, order.number) for worker in workers]
        for worker in workers:
            await worker.send(order)
        try:
            async with asyncio.timeout(_SWITCH_SECONDS):
                told = await asyncio.gather(*answers)
        except TimeoutError as error:
            raise GearshiftError("a worker has not answered in time; try again") from error
        return [facts for text in told for facts in orjson.loads(text)]

    async def _launch(self) -> WorkerProcess:
        worker = await WorkerProcess.launch(self._begin)
        self._running.add(worker)
        return worker

    async def _watch(self, worker: WorkerProcess) -> None:
        while True:
            code = await worker.wait()
            self._running.discard(worker)
            mark_process_dead(worker.pid, self._folder)  # type: ignore[no-untyped-call]  # the library's gap
            logger.warning("worker %s ended with code %s; starting another", worker.pid, code)
            await asyncio.sleep(_PAUSE_SECONDS)
            with contextlib.suppress(GearshiftError):
                async with self._changing:
                    worker = await self._launch()


async def _all_prepared(workers: tuple[WorkerProcess, ...], order: Prepare) -> None:
    answers = [worker.answer(PREPARED, order.number) for worker in workers]
    for worker in workers:
        await worker.send(order)
    try:
        async with asyncio.timeout(_PREPARE_SECONDS):
            await asyncio.gather(*answers)
    except TimeoutError as error:
        raise GearshiftError("a worker did not get ready for the change in time") from error
    except WorkerGoneError as error:
        raise GearshiftError("a worker ended in the meantime; send SIGHUP to try again") from error


async def _switched(worker: WorkerProcess, number: int) -> None:
    answer = worker.answer(SWITCHED, number)
    await worker.send(Commit(number))
    try:
        async with asyncio.timeout(_SWITCH_SECONDS):
            await answer
    except TimeoutError:
        logger.error("worker %s has not confirmed the new configuration", worker.pid)
    except WorkerGoneError:
        pass  # its replacement begins with the new settings


async def _ended(answers: list[asyncio.Future[str]]) -> None:
    await asyncio.gather(*answers, return_exceptions=True)
