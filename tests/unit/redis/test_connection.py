"""One connection for many: replies find who asked, and whatever ends it ends all waiting."""

import pytest
from tests.fakes.ports import reserved_port
from tests.fakes.redis import ScriptedRedis

from gearshift.redis.address import redis_address
from gearshift.redis.connection import connect
from gearshift.redis.errors import RedisError


@pytest.fixture
async def server():
    async with ScriptedRedis() as running:
        yield running


async def connected(server, before="", after=""):
    return await connect(redis_address(f"redis://{before}{server.address}{after}"), 20)


async def test_replies_come_in_the_order_of_their_commands(server):
    connection = await connected(server)
    for number in range(50):
        await connection.ask("SET", f"{number}", f"value {number}")
    replies = [connection.ask("GETRANGE", f"{number}", 0, 99) for number in range(50)]
    for unwanted in replies[::3]:
        unwanted.cancel()
    for number in (1, 2, 49):
        assert await replies[number] == b"value %d" % number
    connection.close()


@pytest.mark.parametrize(
    ("before", "after", "commands"),
    [
        ("", "", []),
        (":p@", "", [[b"AUTH", b"p"]]),
        ("u:p@", "/3", [[b"AUTH", b"u", b"p"], [b"SELECT", b"3"]]),
    ],
)
async def test_it_signs_in_and_chooses_its_database(server, before, after, commands):
    connection = await connected(server, before, after)
    assert server.asked == commands
    connection.close()


async def test_who_is_refused_hears_why_and_no_secret(server):
    server.error = "WRONGPASS invalid username-password pair hunter2"
    with pytest.raises(RedisError, match="WRONGPASS, wrong user or password") as told:
        await connected(server, "u:hunter2@")
    assert "hunter2" not in str(told.value)


async def test_nobody_there_or_nobody_who_answers(server):
    with reserved_port() as port, pytest.raises(RedisError, match="Connection refused"):
        await connect(redis_address(f"redis://127.0.0.1:{port}"), 20)
    with pytest.raises(RedisError, match="No such file"):
        await connect(redis_address("unix:///nowhere/at/all"), 20)
    server.is_silent = True
    with pytest.raises(RedisError, match=r"no connection within 0\.01 s"):
        await connect(redis_address(f"redis://:p@{server.address}"), 0.01)


@pytest.mark.parametrize("junk", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"?\r\n"])
async def test_what_is_no_redis_ends_it(server, junk):
    connection = await connected(server)
    server.junk = junk
    with pytest.raises(RedisError, match="the connection was closed"):
        await connection.ask("SELECT", 1)
    assert not connection.is_open
    with pytest.raises(RedisError, match="the connection is closed"):
        connection.ask("SELECT", 1)


async def test_what_says_more_than_it_was_asked_is_no_redis(server):
    connection = await connected(server)
    server.junk = b"+a\r\n+b\r\n"
    assert await connection.ask("SELECT", 1) == b"a"
    assert not connection.is_open


async def test_closing_ends_all_waiting(server):
    connection = await connected(server)
    server.is_silent = True
    reply = connection.ask("SELECT", 1)
    connection.close()
    connection.close()
    with pytest.raises(RedisError, match="the connection was closed"):
        await reply


async def test_the_other_end_may_go(server):
    connection = await connected(server)
    server.is_silent = True
    reply = connection.ask("SELECT", 1)
    for task in server._tasks:
        task.cancel()
    with pytest.raises(RedisError, match="was closed"):
        await reply


async def test_what_it_does_not_take_is_not_piled_up(server):
    connection = await connected(server)
    server.is_silent = True
    replies = [connection.ask("DEL", "x") for _ in range(10_000)]
    with pytest.raises(RedisError, match="does not keep up"):
        connection.ask("DEL", "x")
    connection.close()
    for reply in replies:
        assert isinstance(reply.exception(), RedisError)
    connection.pause_writing()
    connection.resume_writing()
