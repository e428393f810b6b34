"""Conversations: found where they are kept, and in this process while that fails."""

import pytest

from gearshift.client.requests import chat_request
from gearshift.redis.errors import RedisReplyError
from gearshift.shared_state.sessions import IDLE_SECONDS, Sessions
from gearshift.shared_state.state import SharedState
from gearshift.types import Session

SESSION = Session("complex", "u", "m")


class Shared(SharedState):
    """Keeps values for one process; may fail."""

    def __init__(self):
        self.values, self.told, self.is_out = {}, [], False

    async def ask(self, question=None, *command):
        return None if self.is_out else await question(Connection(self))

    def tell(self, *command):
        self.told.append(command)
        if not self.is_out and command[0] == "SET":
            self.values[command[1]] = command[2]


class Connection:
    def __init__(self, shared):
        self.shared = shared

    async def ask(self, name, key, *_):
        value = self.shared.values.get(key, b"")
        if name == "DEL":
            del self.shared.values[key]
        elif isinstance(value, list):
            raise RedisReplyError("h:1", "WRONGTYPE Operation")
        return value


def turn(session="s", client=None, scope=""):
    request = chat_request("hi")
    request.session, request.client, request.cache_scope = session, client, scope
    return request


@pytest.fixture
def shared():
    return Shared()


async def test_what_one_process_keeps_another_finds(shared):
    Sessions(shared).keep(turn(), SESSION)
    assert await Sessions(shared).of(turn()) == SESSION
    ((_, key, _, _, seconds),) = shared.told
    assert key.startswith("gearshift-state:1:session:")
    assert seconds == IDLE_SECONDS
    assert "u" not in key.removeprefix("gearshift-state:1:session:")


@pytest.mark.parametrize("other", [turn("t"), turn(client="c"), turn(scope="key 1"), turn("")])
async def test_another_conversation_or_clients_is_another(shared, other):
    sessions = Sessions(shared)
    sessions.keep(turn(), SESSION)
    assert await sessions.of(other) is None


async def test_while_redis_fails_or_has_forgotten_this_process_knows(shared):
    sessions = Sessions(shared)
    sessions.keep(turn(), SESSION)
    shared.values.clear()
    assert await sessions.of(turn()) == SESSION
    shared.is_out = True
    assert await sessions.of(turn()) == SESSION


async def test_it_forgets_what_is_idle_and_the_oldest(shared):
    now = [0.0]
    sessions = Sessions(shared, lambda: now[0], most=2)
    shared.is_out = True
    for name in "abc":
        sessions.keep(turn(name), SESSION)
    assert [await sessions.of(turn(name)) for name in "abc"] == [None, SESSION, SESSION]
    now[0] = IDLE_SECONDS
    assert await sessions.of(turn("c")) is None


@pytest.mark.parametrize(
    "junk", [b"junk", b"[]", b"[1,2,3]", b'["a","b"]', b'{"a":1,"b":2,"c":3}x', b"7", b"null"]
)
async def test_what_cannot_be_read_is_removed(shared, junk):
    sessions = Sessions(shared)
    sessions.keep(turn(), SESSION)
    (key,) = shared.values
    shared.values[key] = junk
    assert await Sessions(shared).of(turn()) is None
    assert shared.told[-1] == ("DEL", key)


async def test_another_kind_of_value_is_removed(shared):
    Sessions(shared).keep(turn(), SESSION)
    (key,) = shared.values
    shared.values[key] = ["a list"]
    assert await Sessions(shared).of(turn()) is None
    assert not shared.values


async def test_what_is_too_long_is_kept_here_alone(shared):
    sessions = Sessions(shared)
    long = Session("complex", "u" * 3000, "m")
    sessions.keep(turn(), long)
    assert not shared.values
    assert await sessions.of(turn()) == long
