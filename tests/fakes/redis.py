"""Redis for tests: the one that they share, one of a test's own, and one that is scripted."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hiredis
import pytest
from tests.fakes.local_server import LocalServer

SHARED_URL = os.environ.get("GEARSHIFT_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
"""Of the Redis that tests share: each uses keys of its own."""


def shared_redis() -> str:
    """Its URL; skips the test where nobody listens there."""
    parts = urlsplit(SHARED_URL)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 6379), timeout=3).close()
    except OSError as error:
        pytest.skip(f"GEARSHIFT_TEST_REDIS_URL: no Redis there: {type(error).__name__}")
    return SHARED_URL


class OwnRedis:
    """A `redis-server` that a test may stop, kill and change.

    Attributes:
        port: Where it listens on 127.0.0.1.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *options: str) -> None:
        """Start it, and wait until it listens."""
        common = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir")
        self._process = subprocess.Popen(
            ["redis-server", *common, str(self._folder), *options], stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=3).close()
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, such as SIGSTOP."""
        assert self._process is not None
        self._process.send_signal(number)

    def say(self, *command: Any) -> Any:
        """The reply to a command; an error is returned, too."""
        reader = hiredis.Reader()
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(hiredis.pack_command(command))
            while (reply := reader.gets()) is False:
                reader.feed(connection.recv(65536))
        return reply


@contextmanager
def own_redis(port: int, folder: Path) -> Iterator[OwnRedis]:
    """One that runs on a port that is the test's own; skips the test where there is none."""
    own = OwnRedis(port, folder)
    try:
        own.start()
    except FileNotFoundError:
        pytest.skip("redis-server is not installed")
    try:
        yield own
    finally:
        own.kill()


@dataclass
class ScriptedRedis(LocalServer):
    """Understands what a cache says to a Redis, and can be told to misbehave.

    Attributes:
        values: By key.
        asked: Every command, with its arguments.
        error: What it says to everything, where it is given.
        is_silent: Reads, and says nothing.
        junk: Sent in place of any reply.
        said: By command, what is sent in place of its usual reply.
    """

    values: dict[bytes, bytes] = field(default_factory=dict)
    asked: list[list[bytes]] = field(default_factory=list)
    error: str = ""
    is_silent: bool = False
    junk: bytes = b""
    said: dict[bytes, bytes] = field(default_factory=dict)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def push(self, data: bytes) -> None:
        """Send something unasked on all connections."""
        for writer in self._writers:
            writer.write(data)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://{self.address}"

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        commands = hiredis.Reader()
        self._writers.append(writer)
        while data := await reader.read(65536):
            commands.feed(data)
            while (command := commands.gets()) is not False:
                self.asked.append(command)
                if not self.is_silent:
                    writer.write(self.junk or self._reply(*command))
            await writer.drain()

    def _reply(self, name: bytes, *given: bytes) -> bytes:
        if self.error:
            return b"-%s\r\n" % self.error.encode()
        if name in self.said:
            return self.said[name]
        if name == b"SET":
            self.values[given[0]] = given[1]
        elif name == b"DEL":
            return b":%d\r\n" % (self.values.pop(given[0], None) is not None)
        elif name == b"GETRANGE":
            value = self.values.get(given[0], b"")[int(given[1]) : int(given[2]) + 1]
            return b"$%d\r\n%s\r\n" % (len(value), value)
        elif name == b"STRLEN":
            return b":%d\r\n" % len(self.values.get(given[0], b""))
        elif name == b"SCAN":
            names = b"".join(b"$%d\r\n%s\r\n" % (len(key), key) for key in self.values)
            return b"*2\r\n$1\r\n0\r\n*%d\r\n%s" % (len(self.values), names)
        return b"+OK\r\n"


def packed(*parts: bytes | int) -> bytes:
    """A list, as a Redis sends it."""
    each = (b":%d\r\n" % p if isinstance(p, int) else b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
    return b"*%d\r\n%s" % (len(parts), b"".join(each))


class ScriptedFleet(ScriptedRedis):
    """One whose heartbeat answers, at any time of its clock and with any number of members."""

    def beats(self, now: int = 1_700_000_000_000, members: int = 1) -> None:
        """Answer every script so."""
        self.said[b"EVALSHA"] = packed(b"%d" % now, members)
