"""Workers: the processes of `serve --workers N`, started, watched and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import shutil
import socket
import sys
import tempfile
from types import TracebackType
from typing import Final, Self

from gearshift.errors import GearshiftError
from gearshift.gateway.worker import READY_LINE, Order
from gearshift.providers.base import UpstreamConfig
from gearshift.settings import Settings

logger = logging.getLogger(__name__)

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 35.0
_PAUSE_SECONDS: Final = 1.0


class Workers:
    """Worker processes that share one listening socket; one that dies is replaced.

    As a context manager it owns the folder in which their metrics are added up.
    """

    def __init__(self, settings: Settings, listener: socket.socket, count: int) -> None:
        self._settings = settings
        self._listener = listener
        self._count = count
        self._order = b""
        self._tasks: list[asyncio.Task[None]] = []
        self._running: set[asyncio.subprocess.Process] = set()

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

    async def start(self, upstreams: tuple[UpstreamConfig, ...]) -> None:
        """Start all workers; returns when every one accepts requests.

        Raises:
            GearshiftError: One of them did not start.
        """
        order = Order(self._settings, upstreams, self._listener.fileno(), self._count)
        self._order = pickle.dumps(order)
        started = await asyncio.gather(*(self._launch() for _ in range(self._count)))
        self._tasks = [asyncio.create_task(self._watch(process)) for process in started]

    async def stop(self) -> None:
        """Let them drain, then end them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(_end(process) for process in self._running))

    async def _launch(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gearshift.gateway.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(self._listener.fileno(),),
            start_new_session=True,  # a Ctrl-C at the terminal is for the parent, which drains
        )
        self._running.add(process)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(self._order)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await process.stdin.drain()
                line = await process.stdout.readline()
        except (TimeoutError, ConnectionError) as error:
            raise GearshiftError("a worker did not start") from error
        if line != READY_LINE:
            raise GearshiftError("a worker did not start; see its words above")
        return process

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        while True:
            code = await process.wait()
            self._running.discard(process)
            logger.warning("worker %s ended with code %s; starting another", process.pid, code)
            await asyncio.sleep(_PAUSE_SECONDS)
            with contextlib.suppress(GearshiftError):
                process = await self._launch()


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
