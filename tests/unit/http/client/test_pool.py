"""Connections are kept while they are fresh, and never used when something has come on them."""

import asyncio
import socket
from typing import Any

import pytest

from gearshift.http.client.pool import _IDLE_SECONDS, Pool


class Connection:
    """One whose other side is a socket of the test."""

    def __init__(self, forget):
        self.ours, self.theirs = socket.socketpair()
        self.descriptor = self.ours.fileno()
        self.forget = forget
        self.is_lost = self.is_reused = self.is_aborted = False
        self.idle_since = 0.0

    @property
    def is_usable(self):
        return not self.is_lost and not self.is_aborted

    def abort(self):
        self.is_aborted = True
        self.ours.close()
        self.theirs.close()
        self.forget(self)


class Dialling:
    def __init__(self):
        self.pool: Any = None
        self.made = []

    async def connect(self, _):
        self.made.append(Connection(self.pool._open.discard))
        return self.made[-1]


@pytest.fixture
async def pool():
    dialling: Any = Dialling()
    dialling.pool = pool = Pool(dialling)
    yield pool
    await pool.aclose()
    assert all(connection.is_aborted for connection in dialling.made)


async def test_the_one_used_last_is_used_next(pool):
    first, second = await pool.connected(), await pool.connected()
    assert pool.free() is None
    pool.take_back(first)
    pool.take_back(second)
    assert pool.has_free()
    assert pool.free() is second
    assert second.is_reused
    assert pool.free() is first
    assert pool.free() is None


@pytest.mark.parametrize("news", [b"HTTP/1.1 408 X\r\n\r\n", None])
async def test_one_on_which_something_has_come_is_closed(pool, news):
    connection = await pool.connected()
    pool.take_back(connection)
    if news is None:
        connection.theirs.shutdown(socket.SHUT_WR)
    else:
        connection.theirs.send(news)
    assert not pool.has_free()
    assert pool.free() is None
    assert connection.is_aborted


async def test_one_that_is_lost_is_passed_over(pool):
    sound, lost = await pool.connected(), await pool.connected()
    pool.take_back(sound)
    pool.take_back(lost)
    lost.is_lost = True
    assert pool.free() is sound


async def test_what_nobody_needs_is_closed_after_a_while_and_the_rest_is_kept(pool, monkeypatch):
    old, fresh = await pool.connected(), await pool.connected()
    pool.take_back(old)
    pool.take_back(fresh)
    old.idle_since = fresh.idle_since - _IDLE_SECONDS - 1
    pool._sweep()
    assert old.is_aborted
    assert not fresh.is_aborted
    assert pool._sweeper is not None
    fresh.idle_since -= _IDLE_SECONDS + 1
    pool._sweep()
    assert fresh.is_aborted
    assert pool._sweeper is None


async def test_closing_ends_also_those_in_use():
    dialling: Any = Dialling()
    dialling.pool = pool = Pool(dialling)
    in_use: Any = await pool.connected()
    idle: Any = await pool.connected()
    pool.take_back(idle)
    sweeper = pool._sweeper
    await pool.aclose()
    assert in_use.is_aborted
    assert idle.is_aborted
    assert sweeper is not None
    assert sweeper.cancelled()
    assert asyncio.get_running_loop() is pool._loop
