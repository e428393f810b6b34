"""What hits cost, from memory and from Redis, beside misses; and what a Redis in trouble costs.

    python -m benchmarks.answer_cache [--requests N] [--json]

A real `gearshift serve` before an upstream that answers at once, both asked by one client of this
process, one request after another and eight at once; every prompt differs. Then a `redis-server`
of its own is hung, slowed down, killed and filled up while requests that miss are sent: what they
take more than before is what Redis costs them. Needs redis-server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MODELS = ("gemma2:2b", "mistral:7b-instruct")
SUBJECTS = ("tea", "rain", "chess", "bread", "Rome", "bees", "tides", "paper", "glass", "moss")
AT_ONCE = 8


def answer(body: bytes) -> bytes:
    """A complete answer of some 60 tokens."""
    text = " ".join(f"word{number}" for number in range(60)) + f" {hash(body)}"
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
    }
    usage = {"prompt_tokens": 20, "completion_tokens": 60, "total_tokens": 80}
    return json.dumps(
        {"id": "c", "object": "chat.completion", "created": 1, "model": MODELS[0]}
        | {"choices": [choice], "usage": usage}
    ).encode()


async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every request at once."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.lower().split(b"\r\n")
            length = [line for line in lines if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
            said = (
                json.dumps({"data": [{"id": model} for model in MODELS]}).encode()
                if head.startswith(b"GET")
                else answer(body)
            )
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n%b" % (len(said), said))
    writer.close()


def prompt(number: int) -> bytes:
    """One of many questions, none like another."""
    subject, other = SUBJECTS[number % 10], SUBJECTS[number // 10 % 10]
    text = f"Question {number}: what have {subject} and {other} in common?" + " Say why." * (
        number % 7
    )
    asked = {"model": "auto", "temperature": 0, "messages": [{"role": "user", "content": text}]}
    return json.dumps(asked).encode()


class Client(asyncio.Protocol):
    """One connection to the gateway, without asyncio's streams, which take as long as a hit."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[bytes] | None = None

    async def open(self, port: int) -> Client:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", port)
        return self

    async def ask(self, body: bytes) -> tuple[str, float]:
        """What the cache did, and the seconds that it took."""
        self._received = b""
        self._answer = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._transport.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            b"content-length: %d\r\n\r\n%b" % (len(body), body)
        )
        head = (await self._answer).decode().lower()
        seconds = time.perf_counter() - began
        assert head.startswith("http/1.1 200"), head
        return _field(head, "x-gearshift-cache"), seconds

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end or self._answer is None or self._answer.done():
            return
        if len(rest) >= int(_field(head.decode().lower(), "content-length")):
            self._answer.set_result(head)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the gateway hung up"))

    def close(self) -> None:
        self._transport.close()


def _field(head: str, name: str) -> str:
    return head.partition(f"\r\n{name}: ")[2].partition("\r\n")[0]


@dataclass
class Times:
    """Of requests of one kind."""

    name: str
    results: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    rate: float = 0.0

    def facts(self) -> dict[str, Any]:
        ordered = sorted(self.seconds)
        return {
            "name": self.name,
            "requests": len(ordered),
            "results": {name: self.results.count(name) for name in sorted(set(self.results))},
            "p50_ms": 1e3 * statistics.median(ordered),
            "p99_ms": 1e3 * ordered[int(0.99 * (len(ordered) - 1))],
            "max_ms": 1e3 * ordered[-1],
            "requests_per_second": self.rate,
        }


async def timed(name: str, port: int, numbers: Iterable[int]) -> Times:
    """One request after another for the times, then as many again, eight at once, for the rate."""
    times, bodies = Times(name), [prompt(number) for number in numbers]
    print(f"{name} …", file=sys.stderr, flush=True)
    half = len(bodies) // 2
    one = await Client().open(port)
    for body in bodies[:half]:
        result, seconds = await one.ask(body)
        times.results.append(result)
        times.seconds.append(seconds)
    one.close()
    clients = [await Client().open(port) for _ in range(AT_ONCE)]
    rest = iter(bodies[half:])

    async def work(client: Client) -> None:
        for body in rest:
            times.results.append((await client.ask(body))[0])
        client.close()

    began = time.perf_counter()
    await asyncio.gather(*map(work, clients))
    times.rate = (len(bodies) - half) / (time.perf_counter() - began)
    return times


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class Redis:
    """A `redis-server` on a port of its own."""

    def __init__(self, folder: str) -> None:
        self.port, self._folder = free_port(), folder
        self.start()

    def start(self) -> None:
        options = ("--port", str(self.port), "--save", "", "--dir", self._folder)
        self._process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        while True:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            time.sleep(0.01)

    def say(self, *words: str) -> None:
        command = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(f"*{len(words)}\r\n{command}".encode())
            connection.recv(1000)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@asynccontextmanager
async def gateway(folder: str, upstream_port: int, cache: dict[str, Any]) -> AsyncIterator[int]:
    """The port of a gateway with this cache."""
    config = Path(folder) / "config.json"
    one = {"name": "u", "provider": "openai", "base_url": f"http://127.0.0.1:{upstream_port}/v1"}
    log, upstreams = {"enabled": False}, [{**one, "models": MODELS}]
    config.write_text(json.dumps({"upstreams": upstreams, "cache": cache, "decision_log": log}))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gearshift", "serve", "--config", str(config)),
        *("--port", "0", "--admin-port", "0"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        yield int(line.split()[2].rpartition(":")[2])
    finally:
        process.terminate()
        await process.wait()


async def hits(folder: str, upstream_port: int, redis: Redis, count: int) -> list[Times]:
    """Misses and hits of each level, in one run."""
    cache = {"enabled": True, "redis_url": f"redis://127.0.0.1:{redis.port}"}
    numbers = range(count)
    async with gateway(folder, upstream_port, cache) as port:
        await timed("warm", port, range(-200, 0))
        measured = [await timed("misses", port, numbers)]
        measured.append(await timed("hits in memory", port, numbers))
    await asyncio.sleep(0.5)
    # A new process, whose memory is empty; each is asked for once, so that it comes from Redis.
    async with gateway(folder, upstream_port, cache) as port:
        await timed("warm", port, range(-200, 0))
        measured.append(await timed("hits in Redis", port, numbers))
    return measured


async def troubles(folder: str, upstream_port: int, redis: Redis, count: int) -> list[Times]:
    """Misses without Redis, with one that is well, and with one in each kind of trouble."""
    cache: dict[str, Any] = {"enabled": True}
    start = 10_000_000
    measured = []

    async def measure(name: str, port: int) -> None:
        nonlocal start
        measured.append(await timed(name, port, range(start, start + count)))
        start += count

    async with gateway(folder, upstream_port, cache) as port:
        await timed("warm", port, range(-200, 0))
        await measure("no Redis", port)
    cache["redis_url"] = f"redis://127.0.0.1:{redis.port}"
    async with gateway(folder, upstream_port, cache) as port:
        await timed("warm", port, range(-200, 0))
        await measure("well", port)
        redis.signal(signal.SIGSTOP)
        await measure("hung (SIGSTOP)", port)
        redis.signal(signal.SIGCONT)
        await asyncio.sleep(6)
        pausing = asyncio.create_task(paused(redis))
        await measure("slow (20 ms pauses, 10 a second)", port)
        pausing.cancel()
        await asyncio.wait([pausing])
        await asyncio.sleep(6)
        redis.say("CONFIG", "SET", "maxmemory", "1")
        await measure("full (maxmemory)", port)
        redis.say("CONFIG", "SET", "maxmemory", "0")
        redis.kill()
        await measure("killed", port)
        redis.start()
        await asyncio.sleep(6)
        await measure("started again", port)
    return measured


async def paused(redis: Redis) -> None:
    """Has it stand still again and again."""
    try:
        while True:
            redis.signal(signal.SIGSTOP)
            await asyncio.sleep(0.02)
            redis.signal(signal.SIGCONT)
            await asyncio.sleep(0.08)
    finally:
        redis.signal(signal.SIGCONT)


async def measured(requests: int) -> dict[str, Any]:
    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        redis = Redis(folder)
        try:
            found = await hits(folder, port, redis, requests)
            trouble = await troubles(folder, port, redis, requests)
        finally:
            redis.signal(signal.SIGCONT)
            redis.kill()
    server.close()
    return {
        "hits": [times.facts() for times in found],
        "trouble": [times.facts() for times in trouble],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    facts = asyncio.run(measured(given.requests))
    if given.json:
        print(json.dumps(facts, indent=2))
        return
    for title, rows in facts.items():
        print(f"{title:<34} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'requests/s':>11}  results")
        for row in rows:
            print(
                f"{row['name']:<34} {row['p50_ms']:>8.3f} {row['p99_ms']:>8.3f} "
                f"{row['max_ms']:>8.2f} {row['requests_per_second']:>11.0f}  {row['results']}"
            )


if __name__ == "__main__":
    main()
