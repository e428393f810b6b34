"""Paced streams through a gateway: CPU time for each event, and how long a stream takes.

    python -m benchmarks.gateways.streams PORT CONNECTIONS ROUNDS

prints the times of all streams in milliseconds as JSON; run in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles
from typing import cast

import uvloop

from benchmarks.gateways.fake_upstream import EVENTS
from benchmarks.gateways.load import body
from benchmarks.gateways.peers import LOAD_CORE, Peer, pinned


@dataclass(frozen=True)
class Result:
    """What a number of streams took."""

    cpu_us: float
    p50_ms: float
    p95_ms: float


class Client(asyncio.Protocol):
    """Asks for one stream after the other."""

    def __init__(self, rounds: int, times: list[float], done: asyncio.Event) -> None:
        self._rounds = rounds
        self._times = times
        self._done = done
        asked = body(stream=True)
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        head += f"content-length: {len(asked)}\r\n"
        self._request = f"{head}content-type: application/json\r\n\r\n".encode() + asked
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-64:]
        if not self._tail.endswith(b"0\r\n\r\n"):
            return
        assert b"[DONE]" in self._tail, self._tail
        self._tail = b""
        self._times.append(1e3 * (time.perf_counter() - self._began))
        self._rounds -= 1
        if self._rounds:
            self._ask()
        else:
            self._transport.close()
            self._done.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._done.set()


async def _run(port: int, connections: int, rounds: int) -> list[float]:
    times: list[float] = []
    loop = asyncio.get_running_loop()
    ends = [asyncio.Event() for _ in range(connections)]
    for end in ends:
        await loop.create_connection(partial(Client, rounds, times, end), "127.0.0.1", port)
    for end in ends:
        await end.wait()
    return times


def command(peer: Peer, connections: int, rounds: int) -> list[str]:
    module = [sys.executable, "-m", "benchmarks.gateways.streams"]
    return pinned(LOAD_CORE, [*module, str(peer.port), str(connections), str(rounds)])


def measured(peer: Peer, connections: int, rounds: int) -> Result:
    """All streams to their end."""
    before = peer.cpu_seconds()
    out = subprocess.run(
        command(peer, connections, rounds), check=True, capture_output=True, timeout=300
    ).stdout
    cpu = peer.cpu_seconds() - before
    times = json.loads(out)
    assert len(times) == connections * rounds, f"{len(times)} streams came to their end"
    return Result(cpu / (len(times) * EVENTS) * 1e6, median(times), quantiles(times, n=20)[-1])


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_run(*map(int, sys.argv[1:4])))))
