"""State that is shared in a real Redis: what holds for all together, and what when it fails."""

import asyncio
import signal
import time

import pytest
from tests.fakes.ports import reserved_port
from tests.fakes.redis import own_redis

from gearshift.client.requests import chat_request
from gearshift.shared_state import state as module
from gearshift.shared_state.budget import SharedBudget
from gearshift.shared_state.limits import Owed, take
from gearshift.shared_state.sessions import Sessions
from gearshift.shared_state.settings_document import Changed, SettingsDocument, write
from gearshift.shared_state.state import SharedState
from gearshift.types import Session

pytestmark = pytest.mark.timeout(120)
RATE = 600


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The one server of this module; each test leaves it as it was."""
    with reserved_port() as port, own_redis(port, tmp_path_factory.mktemp("redis")) as own:
        yield own


@pytest.fixture
def redis(server):
    assert server.say("FLUSHALL") == b"OK"
    return server


async def until(is_so):
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.01)


@pytest.fixture
def patient(monkeypatch):
    """What is asked here is not late because the machine is busy."""
    monkeypatch.setattr(module, "WITHIN_SECONDS", 20.0)


@pytest.fixture
async def fleet(redis, patient):
    """Three processes, as far as Redis can tell."""
    members = [SharedState(redis.url) for _ in range(3)]
    for member in members:
        member.serves = True
        await member.start()
    yield members
    for member in members:
        await member.aclose()


async def taken(member, name="k", per_minute=60.0, full_in=0.0):
    answer = await take(member, name, per_minute, full_in)
    assert answer is not None
    return answer


async def test_a_limit_holds_for_all_together(fleet):
    async def spend(member):
        return [await taken(member, "k", RATE) for _ in range(RATE)]

    began = time.monotonic()
    spent = await asyncio.gather(*map(spend, fleet))
    took = time.monotonic() - began
    passed = sum(one.wait == 0 for each in spent for one in each)
    assert RATE <= passed <= RATE + took * RATE / 60 + 1


async def owing(member, tokens, seconds=0.0):
    answer = await take(member, "k", 60, 0.0, Owed(tokens, seconds))
    assert answer is not None
    return answer


async def test_what_was_given_without_it_is_taken_afterwards(fleet):
    assert (await taken(fleet[0])).wait == 0
    answer = await owing(fleet[0], 40)
    assert answer.wait == 0
    assert 41 < answer.full_in <= 42
    answer = await owing(fleet[1], 40)  # more than there is: all wait for it
    assert 20 < answer.wait <= 23
    assert 119 < (await owing(fleet[2], 10_000)).full_in <= 120  # a debt has its bound, too


async def test_what_was_given_before_redis_lost_the_bucket_is_in_what_was_known(redis, fleet):
    redis.say("FLUSHALL")
    answer = await take(fleet[0], "k", 60, 50.0, Owed(50, 5.0))
    assert answer is not None
    assert 50 < answer.full_in <= 51
    assert 51 < (await owing(fleet[1], 50, seconds=5.0)).full_in <= 52


async def test_who_waits_as_told_is_let_through(fleet):
    for _ in range(60):
        assert (await taken(fleet[0], "k", 60, 0.0)).wait == 0
    refused = await taken(fleet[1])
    assert 0 < refused.wait <= 1
    await asyncio.sleep(refused.wait)
    assert (await taken(fleet[2], "k", 60, 0.0)).wait == 0


async def test_another_rate_is_another_bucket_and_all_of_them_expire(redis, fleet):
    assert (await taken(fleet[0], "k", 1, 0.0)).wait == 0
    assert (await taken(fleet[1], "k", 1, 0.0)).wait > 50
    assert (await taken(fleet[1], "k", 2, 0.0)).wait == 0
    keys = redis.say("KEYS", "*")
    assert all(key.startswith(b"gearshift-state:1:") for key in keys)
    assert all(0 < redis.say("PTTL", key) <= 70_000 for key in keys)


@pytest.mark.parametrize(
    "commands",
    [
        [("SET", "{key}", "junk")],
        [("SET", "{key}", "nan nan")],
        [("SET", "{key}", "1 inf")],
        [("SET", "{key}", "-1 1")],
        [("SET", "{key}", "99999999999999999999 1")],
        [("SET", "{key}", "1 99999999999999999999")],
        [("SET", "{key}", "1700000000000000")],
        [("SET", "{key}", "")],
        [("DEL", "{key}"), ("RPUSH", "{key}", "a list")],
    ],
)
async def test_a_poisoned_bucket_is_a_full_one(redis, fleet, commands):
    key = "gearshift-state:1:rate:k:2"
    await take(fleet[0], "k", 2, 0.0)
    for command in commands:
        redis.say(*(key if part == "{key}" else part for part in command))
    waits = [(await taken(fleet[0], "k", 2, 0.0)).wait for _ in range(3)]
    assert waits[:2] == [0, 0]
    assert waits[2] > 0


async def test_a_bucket_that_redis_has_lost_is_as_full_as_was_known(redis, fleet):
    full_in = 0.0
    for _ in range(60):
        full_in = (await taken(fleet[0], "k", 60, full_in)).full_in
    redis.say("FLUSHALL")
    assert (await taken(fleet[0], "k", 60, full_in)).wait > 0


async def test_scripts_that_redis_has_forgotten_are_brought_again(redis, fleet):
    await take(fleet[0], "k", 60, 0.0)
    redis.say("SCRIPT", "FLUSH")
    assert (await taken(fleet[0], "k", 60, 0.0)).wait == 0


async def test_a_turn_is_known_to_all_for_a_while(redis, fleet):
    one, other = (Sessions(member) for member in fleet[:2])
    request = chat_request("hi")
    request.session = "s"
    assert await other.of(request) is None
    one.keep(request, Session("complex", "u", "m"))
    assert await one.of(request) == Session("complex", "u", "m")  # in order behind the writing
    assert await other.of(request) == Session("complex", "u", "m")
    (key,) = redis.say("KEYS", "gearshift-state:1:session:*")
    assert 1_700_000 < redis.say("PTTL", key) <= 1_800_000
    redis.say("SET", key, "junk")
    assert await other.of(request) is None
    await until(lambda: not redis.say("EXISTS", key))
    redis.say("LPUSH", key, "a list")
    assert await other.of(request) is None
    assert other._shared.is_available


async def test_a_document_takes_the_place_of_an_older_one_only(redis, fleet):
    class Writer:
        """Writes a document in each round, until it is attached no more."""

        def __init__(self, version):
            self.document = SettingsDocument(version, {"a": Changed(version, (0,))})
            self.told = []

        async def look(self, round_):
            self.told.append(await write(round_, self.document))

        async def leave(self, round_):
            """Nothing."""

    async def written(version):
        writer = Writer(version)
        fleet[0].attach(writer)
        await until(lambda: writer.told)
        fleet[0].detach(writer)
        return writer.told[0]

    assert await written(2)
    assert not await written(2)
    assert not await written(1)
    assert await written(3)
    key = "gearshift-state:1:settings"
    assert redis.say("TTL", key) > 86_400
    for junk in ("junk", "[]", '{"version": "x"}', '{"version": 1e300}', "{"):
        redis.say("SET", key, junk)
        assert await written(1)
    redis.say("DEL", key)
    redis.say("LPUSH", key, "a list")
    assert await written(1)


async def test_a_budget_is_spent_by_all_together(redis, fleet):
    budgets = [SharedBudget(member, "b", 1000) for member in fleet]
    for member, budget in zip(fleet, budgets, strict=True):
        member.attach(budget)
        budget.spend(100)
    await until(lambda: {budget.left for budget in budgets} == {700})
    key = "gearshift-state:1:budget:b"
    assert 0 < redis.say("TTL", key) <= 172_800
    redis.say("DEL", key)
    budgets[0].spend(50)
    await until(lambda: {budget.left for budget in budgets} == {650})
    redis.say("SET", key, "junk")
    budgets[1].spend(50)
    await until(lambda: {budget.left for budget in budgets} == {600})
    for junk in ("nan", "-5", "1e300", "x"):
        redis.say("HSET", key, "spent", junk)
        budgets[2].spend(10)
        await until(lambda: len({budget.left for budget in budgets}) == 1)
    await until(lambda: {budget.left for budget in budgets} == {560})


async def test_members_are_counted_and_those_that_leave_are_not(fleet):
    async def counts(number):
        for member in fleet:
            member.look_again()
        await until(lambda: {m.members for m in fleet if m._rounds} == {number})

    await counts(3)
    await fleet[2].aclose()
    await counts(2)


async def test_junk_in_place_of_the_members_is_removed(redis, fleet):
    redis.say("SET", "gearshift-state:1:members", "junk")
    fleet[0].look_again()
    await until(lambda: redis.say("TYPE", "gearshift-state:1:members") == b"zset")
    assert fleet[0].is_available


async def goes_on_at_once(member):
    """Nobody waits for what is out, not even for a turn of the loop."""
    for _ in range(100):
        asking = take(member, "k", RATE, 0.0)
        with pytest.raises(StopIteration):
            asking.send(None)


async def out(member):
    async def ask():
        while member.is_available:
            await take(member, "k", RATE, 0.0)
            await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await ask()


async def test_one_that_hangs_is_left_alone_until_it_answers(redis, fleet, caplog, monkeypatch):
    monkeypatch.setattr(module, "WITHIN_SECONDS", 0.004)
    redis.signal(signal.SIGSTOP)
    try:
        await out(fleet[0])
        await goes_on_at_once(fleet[0])
    finally:
        redis.signal(signal.SIGCONT)
    monkeypatch.setattr(module, "WITHIN_SECONDS", 20.0)
    await until(lambda: fleet[0].is_available)
    told = [message for message in caplog.messages if str(redis.port) in message]
    assert "it took too long; each process goes on" in told[0]
    assert any("works again" in message for message in told)


async def test_one_that_is_killed_and_started_again_comes_back(redis, fleet, caplog):
    redis.kill()
    await until(lambda: not any(member.is_available for member in fleet))
    for member in fleet:
        await goes_on_at_once(member)
    redis.start()
    await until(lambda: all(member.is_available for member in fleet))
    assert (await taken(fleet[0], "k", 60, 0.0)).wait == 0
    assert len(caplog.messages) == 6


@pytest.mark.parametrize(
    ("broken", "mended", "said"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "OOM"),
        (("REPLICAOF", "127.0.0.1", "9"), ("REPLICAOF", "NO", "ONE"), "READONLY"),
    ],
)
async def test_one_that_takes_no_writes_is_none(redis, fleet, caplog, broken, mended, said):
    assert redis.say(*broken) == b"OK"
    try:
        await until(lambda: not any(member.is_available for member in fleet))
        await goes_on_at_once(fleet[0])
        assert said in caplog.text
    finally:
        assert redis.say(*mended) == b"OK"
    await until(lambda: all(member.is_available for member in fleet))


async def test_a_user_who_may_do_nothing_is_told_once(redis, caplog):
    redis.say("ACL", "SETUSER", "nobody", "on", ">p", "~*", "-@all", "+select")
    member = SharedState(redis.url.replace("redis://", "redis://nobody:p@"))
    await member.start()
    assert not member.is_available
    assert len(caplog.messages) == 1
    assert "NOPERM, this user may not do that" in caplog.text
    await member.aclose()
    redis.say("ACL", "DELUSER", "nobody")
