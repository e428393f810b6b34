"""WorkerProcess: one worker as its parent sees it: lines to it, answers from it, its end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Final

from gearshift.errors import GearshiftError
from gearshift.serving.worker_protocol import PREPARED, READY, REFUSED, Order, Start, written

_START_SECONDS: Final = 60.0
_SPARE_SECONDS: Final = 10.0


class WorkerGoneError(GearshiftError):
    """The worker ended before it answered."""


class WorkerProcess:
    """A worker that accepts requests."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._awaited: dict[tuple[str, int], asyncio.Future[str]] = {}
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def launch(cls, begin: Start) -> WorkerProcess:
        """Start a worker; returns when it accepts requests.

        Raises:
            GearshiftError: It did not start.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gearshift.serving.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(begin.listener,),
            start_new_session=True,  # a Ctrl-C at the terminal is for the parent, which drains
        )
        worker = cls(process)
        try:
            ready = worker.answer(READY, 0)
            await worker.send(begin)
            async with asyncio.timeout(_START_SECONDS):
                await ready
        except BaseException as error:
            await worker.stop()
            if isinstance(error, TimeoutError | WorkerGoneError):
                raise GearshiftError("a worker did not start; see its output above") from error
            raise
        return worker

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def send(self, order: Order) -> None:
        """Write an order; one that nobody reads any more is lost."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(written(order))
            await self._process.stdin.drain()

    def answer(self, stage: str, number: int) -> asyncio.Future[str]:
        """What the worker says after that word of that change; ask before the order is sent.

        It fails with `WorkerGoneError` if the worker ends first, and with its reason if it refuses.
        """
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._awaited[stage, number] = future
        if self._listening.done():
            self._give_up()
        return future

    async def wait(self) -> int:
        """Wait for its end; the exit code."""
        return await self._process.wait()

    async def stop(self, within_seconds: float = 0.0) -> None:
        """Let it drain, then end it.

        Args:
            within_seconds: How long it may take by its settings; it is killed some time later.
        """
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(within_seconds + _SPARE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                continue  # longer than any line of ours: a scorer that prints, maybe
            if not line:
                break
            self._on_line(*line.decode(errors="replace").strip().split(" ", 2))
        self._give_up()

    def _on_line(self, word: str, number: str = "0", reason: str = "") -> None:
        stage = PREPARED if word == REFUSED else word
        future = self._awaited.pop((stage, int(number) if number.isdecimal() else 0), None)
        if future is None or future.done():
            return
        if word == REFUSED:
            future.set_exception(GearshiftError(reason))
        else:
            future.set_result(reason)

    def _give_up(self) -> None:
        awaited, self._awaited = self._awaited, {}
        for future in awaited.values():
            if not future.done():
                future.set_exception(WorkerGoneError("a worker ended; another one takes its place"))
                future.exception()  # nobody may be waiting
