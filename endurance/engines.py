"""Real llama.cpp engines as child processes that can be killed, frozen and brought back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from gearshift.providers.demo_model import CONTEXT_TOKENS, demo_models, demo_reply

MODELS = {"simple": "gemma2:2b", "complex": "mistral:7b-instruct"}
# What each tier's model says, whatever it is asked: a complete answer is exactly this.
REPLIES = {tier: demo_reply(tier, list(MODELS.values())) for tier in MODELS}
_START_SECONDS = 60.0
# All slots share one context; without more of it than one request may use, four large prompts
# at once would fail for want of room, which is no fault that this program wants to show.
_PARALLEL = 4


class Engine:
    """One engine; after `kill`, `start` brings it back on the same port."""

    def __init__(self, upstream: str, tier: str, path: Path) -> None:
        self.upstream = upstream
        self.tier = tier
        self.port = _free_port()
        self._path = path
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Run it; returns when it can answer.

        Raises:
            RuntimeError: It does not start.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "gearshift.providers.llama_server", str(self._path)),
            f"--alias={MODELS[self.tier]}",
            f"--port={self.port}",
            f"--context={CONTEXT_TOKENS}",
            f"--parallel={_PARALLEL}",
            stdin=asyncio.subprocess.PIPE,  # it ends when this closes, however we end
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        self._process = process
        assert process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            async for line in process.stdout:
                if line.startswith(b'{"ready"'):
                    self.port = int(json.loads(line)["ready"].rsplit(":", 1)[1])
                    return
        raise RuntimeError(f"engine {self.upstream} did not start; its port was {self.port}")

    async def kill(self) -> None:
        """SIGKILL: gone in the middle of whatever it does."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def pause(self) -> None:
        """SIGSTOP: connections stand, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


def _free_port() -> int:
    """A port below those that the system gives to outgoing connections.

    While an engine is down, one of those might take its port, or connect to itself on it.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@asynccontextmanager
async def running_engines(tiers: Mapping[str, int], folder: Path) -> AsyncIterator[list[Engine]]:
    """So many engines for each tier, ended on the way out."""
    files = demo_models(MODELS, folder)
    engines = [
        Engine(f"{tier}-{number}", tier, files[tier])
        for tier, count in tiers.items()
        for number in range(1, count + 1)
    ]
    try:
        await asyncio.gather(*(engine.start() for engine in engines))
        yield engines
    finally:
        await asyncio.gather(*(engine.kill() for engine in engines))
