"""LlamaEngine: one llama.cpp child process, started, watched, restarted and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import orjson

from gearshift.errors import GearshiftError
from gearshift.extras import require

logger = logging.getLogger(__name__)

_LOAD_SECONDS: Final = 600.0
_STOP_SECONDS: Final = 3.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_STABLE_SECONDS: Final = 60.0


class LlamaEngine:
    """Serves one GGUF file; after a crash it comes back on the same port.

    It may have several users: it ends with the last one.

    Args:
        path: The GGUF file.
        alias: The model name that it reports.
        context_tokens: Of each request.
        parallel: Requests answered at the same time.
        threads: CPU threads; 0 means one for each core.

    Attributes:
        identity: Equal for engines that can stand for each other.
    """

    def __init__(
        self, path: str, alias: str, *, context_tokens: int, parallel: int, threads: int
    ) -> None:
        self.url = ""
        self.is_running = False
        self._path = path
        self._alias = alias
        self._arguments = (
            f"--context={context_tokens}",
            f"--parallel={parallel}",
            f"--threads={threads or os.cpu_count() or 1}",
        )
        self.identity = (path, alias, *self._arguments)
        self._users = 0
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._said: deque[str] = deque(maxlen=8)
        self._tasks: list[asyncio.Task[None]] = []

    def hold(self) -> None:
        """Have one more user; each stops it once."""
        self._users += 1

    async def start(self) -> None:
        """Load the model; returns when it can answer.

        Raises:
            GearshiftError: No such file, not a GGUF file, the extra is missing, or it crashed.
        """
        if self.url:
            return  # for another user
        _check(self._path)
        await self._launch()
        self._tasks.append(asyncio.create_task(self._watch(), name=f"engine {self._alias}"))

    async def stop(self) -> None:
        """End the process, unless there are other users."""
        self._users -= 1
        if self._users > 0:
            return
        tasks, self._tasks = self._tasks, []
        if any(task.get_loop() is not asyncio.get_running_loop() for task in tasks):
            self._kill()  # it was started in an event loop that has ended: nothing can be awaited
            return
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    def _kill(self) -> None:
        self.is_running = False
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _launch(self) -> None:
        self._said.clear()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "gearshift.providers.llama_server", self._path),
            f"--alias={self._alias}",
            f"--port={self._port}",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C at the terminal is for the gateway, which drains
        )
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.create_task(self._listen(self._process)))
        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                self.url = await self._ready(self._process)
        except TimeoutError as error:
            await self._end()
            raise GearshiftError(f"{self._path}: not loaded within {_LOAD_SECONDS:g} s") from error
        except BaseException:
            await self._end()
            raise
        # An engine whose words nobody takes stands still as soon as the pipe is full.
        self._tasks.append(asyncio.create_task(_passed_over(self._process)))
        self._port = urlsplit(self.url).port or 0
        self.is_running = True

    async def _ready(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        async for line in _lines(process.stdout):
            try:
                return str(orjson.loads(line)["ready"])
            except (orjson.JSONDecodeError, KeyError, TypeError):
                continue  # the engine's own chatter
        await process.wait()
        await asyncio.sleep(0.05)  # for its last words
        output = " | ".join(self._said) or f"exit code {process.returncode}"
        raise GearshiftError(f"the engine for {self._path} did not start: {output}")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in _lines(process.stderr):
            self._said.append(line.decode(errors="replace").strip()[:300])

    async def _watch(self) -> None:
        pause = 1.0
        loop = asyncio.get_running_loop()
        while self._process is not None:
            started = loop.time()
            code = await self._process.wait()
            self.is_running = False
            if loop.time() - started > _STABLE_SECONDS:
                pause = 1.0
            logger.warning(
                "the engine of %s ended with code %s; restarting it in %g s",
                self._alias,
                code,
                pause,
            )
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE_SECONDS, 2 * pause)
            with contextlib.suppress(GearshiftError, OSError):
                await self._launch()

    async def _end(self) -> None:
        self.is_running = False
        process = self._process
        if process is None:
            return
        # A signal may reach a thread of the engine that never looks at it; the end of standard
        # input is seen at once.
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        # The pipes would otherwise be closed by the garbage collector, with a warning.
        process._transport.close()  # type: ignore[attr-defined]  # no public way


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The lines up to the end, but for those that are longer than anything worth reading."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue
        if not line:
            return
        yield line


async def _passed_over(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while await process.stdout.read(65_536):
        pass


def _check(path: str) -> None:
    try:
        with Path(path).open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise GearshiftError(f"cannot read the model file {path}: {error.strerror}") from error
    if magic != b"GGUF":
        raise GearshiftError(f"{path} is not a GGUF file")
    require("embedded", "an engine for GGUF files", "xllamacpp")
