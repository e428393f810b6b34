"""Shared state: asked while it answers, left alone while it does not, and looked at in rounds."""

import asyncio

import pytest
from tests.fakes.redis import ScriptedFleet, packed

from gearshift.redis.errors import RedisError
from gearshift.shared_state import state as module
from gearshift.shared_state.state import SharedState


async def until(is_so):
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - it is a task of its own
            await asyncio.sleep(0.001)


@pytest.fixture
async def server():
    async with ScriptedFleet() as running:
        running.beats()
        running.said[b"SUBSCRIBE"] = packed(b"subscribe", b"c", 1)
        yield running


@pytest.fixture
async def shared(server, monkeypatch):
    monkeypatch.setattr(module, "WITHIN_SECONDS", 20.0)  # these machines pause as they like
    monkeypatch.setattr(module, "_LONGEST_PAUSE", 0.001)
    made = SharedState(server.url)
    yield made
    await made.aclose()


class Part:
    def __init__(self, *errors):
        self.rounds, self.errors, self.has_left = [], list(errors), False

    async def look(self, round_):
        self.rounds.append(round_.now)
        if self.errors:
            raise self.errors.pop()

    async def leave(self, round_):
        self.has_left = True


async def get(connection):
    return await connection.ask("GETRANGE", "k", 0, 9)


async def test_before_its_start_nobody_waits_for_it(shared):
    assert not shared.is_available
    assert await shared.ask(get) is None
    shared.tell("SET", "k", "x")


async def test_it_is_asked_and_told(server, shared):
    server.beats(members=4)
    await shared.start()
    assert shared.is_available
    assert shared.members == 4
    shared.tell("SET", "k", "value")
    assert await shared.ask(get) == b"value"


async def test_what_is_attached_is_looked_at_again_and_again_and_leaves(server, shared):
    part, other = Part(), Part()
    shared.attach(part, other)
    await shared.start()
    assert part.rounds == [1_700_000_000.0]
    shared.detach(other)
    shared.look_again()
    await until(lambda: len(part.rounds) == 2)
    assert len(other.rounds) == 1
    await shared.aclose()
    assert part.has_left
    assert not other.has_left
    assert [b"ZREM", b"gearshift-state:1:members", shared.member.encode()] in server.asked


async def test_a_message_of_another_process_is_a_reason_to_look_and_an_own_one_is_none(
    server, shared
):
    part = Part()
    shared.attach(part)
    await shared.start()
    await until(lambda: any(command[0] == b"SUBSCRIBE" for command in server.asked))
    server.push(packed(b"message", b"c", shared.member.encode()))
    server.push(packed(b"message", b"c", b"another"))
    await until(lambda: len(part.rounds) == 2)


async def test_one_that_fails_is_left_alone_until_a_round_succeeds(server, shared, caplog):
    await shared.start()
    server.error = "OOM command not allowed"
    assert await shared.ask(get) is None
    assert not shared.is_available
    asked = len([command for command in server.asked if command[0] == b"GETRANGE"])
    assert await shared.ask(get) is None
    assert len([command for command in server.asked if command[0] == b"GETRANGE"]) == asked
    server.error = ""
    await until(lambda: shared.is_available)
    assert "OOM, it is full (maxmemory); each process goes on" in caplog.text
    assert caplog.messages[-1].endswith("works again")
    assert len(caplog.messages) == 2


async def test_three_slow_answers_within_a_second_are_enough(server, shared, monkeypatch):
    await shared.start()
    monkeypatch.setattr(module, "WITHIN_SECONDS", 0.001)
    server.is_silent = True
    for _ in range(3):
        assert shared.is_available
        assert await shared.ask(get) is None
    assert not shared.is_available


async def test_one_that_is_too_slow_for_requests_is_good_enough_for_the_rest(
    server, shared, monkeypatch
):
    async def too_slow(reply):
        await reply
        raise TimeoutError

    part = Part()
    shared.attach(part)
    await shared.start()
    connections = len(server._writers)
    monkeypatch.setattr(module, "_in_time", too_slow)
    for _ in range(3):
        assert await shared.ask(get) is None
    looked = len(part.rounds)
    await until(lambda: len(part.rounds) > looked + 2)
    assert not shared.is_available
    assert len(server._writers) == connections


async def test_a_part_that_fails_fails_the_round_and_a_bug_ends_nothing(server, shared, caplog):
    part = Part(ZeroDivisionError(), RedisError("h:1: gone"))
    shared.attach(part)
    await shared.start()
    assert not shared.is_available
    await until(lambda: len(part.rounds) == 2)  # the one with the bug
    shared.look_again()
    await until(lambda: shared.is_available)
    assert "h:1: gone" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_it_may_be_started_again(server, shared):
    await shared.start()
    await shared.aclose()
    assert not shared.is_available
    assert await shared.ask(get) is None
    await shared.start()
    assert shared.is_available
