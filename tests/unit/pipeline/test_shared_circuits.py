"""Circuits that open, close and are tried in one process, as the others see it."""

from typing import Any

import orjson
import pytest
from tests.fakes.shared import Kept

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.circuit_breakers import CircuitBreakers, Opened, State
from gearshift.pipeline.shared_circuits import SharedCircuits
from gearshift.types import Deployment

KEY = "gearshift-state:1:circuits"
TRIAL = "gearshift-state:1:trial:id/m"
ALONE = Deployment("mine", "m")
NOW = 1_700_000_000.0


class Shared:
    """Where processes share circuits: writes what it is told into a round's values."""

    def __init__(self, round_, member):
        self.round, self.member, self.connection = round_, member, Connection()
        self.announced, self.is_out, self.told = 0, False, []

    def now(self):
        return self.round.now

    def tell(self, command, name, *given):
        if self.is_out:
            return
        self.told.append((command, name, *given))
        if command == "HSET":
            self.round.values.setdefault(name, {})[given[0].encode()] = given[1]
        elif command == "HDEL":
            self.round.values.get(name, {}).pop(given[0].encode(), None)

    def announce(self):
        self.announced += 1

    def look_again(self):
        """It is looked at where a test does."""

    async def ask(self, question):
        return None if self.is_out else await question(self.connection)


class Connection:
    """Grants what is asked for, or not."""

    def __init__(self):
        self.asked, self.granted = [], 1

    async def ask(self, *command):
        self.asked.append(command)
        return self.granted


class Flat(Kept):
    """Answers HGETALL as Redis does."""

    async def ask(self, command, key, *arguments):
        found = await super().ask(command, key, *arguments)
        if command != "HGETALL":
            return found
        return [part for pair in (found or {}).items() for part in pair]


def shared(round_, member) -> Any:
    return Shared(round_, member)


class Process:
    def __init__(self, round_, member, name="u"):
        self.time = 100.0
        self.circuits = CircuitBreakers(lambda: self.time, failures=2)
        self.shared = shared(round_, member)
        self.here = Deployment(name, "m")
        self.parts = SharedCircuits(self.shared, self.circuits, {name: "id"})

    def fail(self, times=2, deployment=None):
        for _ in range(times):
            with pytest.raises(UpstreamError), self.circuits.attempt(deployment or self.here):
                raise UpstreamError("it broke", fault=FailureKind.FAILED)

    def answer(self):
        with self.circuits.attempt(self.here):
            pass
        self.circuits.succeeded(self.here)

    @property
    def state(self) -> str:
        return self.circuits.state(self.here).value


@pytest.fixture
def round_():
    return Flat(NOW)


@pytest.fixture
def one(round_):
    return Process(round_, "one")


@pytest.fixture
def other(round_):
    return Process(round_, "other", name="called-otherwise")


async def test_what_one_has_found_failing_the_other_does_not_ask(round_, one, other):
    one.fail(1)
    assert not one.shared.announced
    one.fail(1)
    assert one.shared.announced
    await other.parts.look(round_)
    assert other.state == "open"
    with pytest.raises(UpstreamError, match="circuit open after: it broke"):
        other.circuits.check(other.here)
    other.time += 1.5
    assert other.state == "half_open"


def test_what_is_written_ends_by_itself_and_so_does_the_trial(one):
    message = "it broke " * 100
    for _ in range(2):
        with pytest.raises(UpstreamError), one.circuits.attempt(one.here):
            raise UpstreamError(message, fault=FailureKind.FAILED)
    written, expiry, trial = one.shared.told
    assert written[:3] == ("HSET", KEY, "id/m")
    assert orjson.loads(written[3]) == [NOW + 1, 1, "failed", message[:500]]
    assert (expiry, trial) == (("EXPIRE", KEY, 3600), ("DEL", TRIAL))
    one.time += 1.5
    one.answer()
    assert one.shared.told[3:] == [("HDEL", KEY, "id/m"), ("DEL", TRIAL)]


async def test_an_answer_in_one_lets_all_in(round_, one, other):
    one.fail()
    await one.parts.look(round_)
    await other.parts.look(round_)
    other.time += 1.5
    other.answer()
    assert not round_.values[KEY]
    await one.parts.look(round_)
    assert one.state == "closed"


async def test_a_trial_that_fails_doubles_the_wait_for_all(round_, one, other):
    one.fail()
    await other.parts.look(round_)
    other.time += 1.5
    other.fail(1)
    await one.parts.look(round_)
    one.time += 1.5
    assert one.state == "open"
    one.time += 0.6
    assert one.state == "half_open"


async def test_one_tries_and_the_others_wait(one):
    await one.parts.claim(one.here)  # closed: nothing to claim
    one.fail()
    await one.parts.claim(one.here)  # open: nobody tries yet
    assert not one.shared.connection.asked
    one.time += 1.5
    one.shared.connection.granted = 0
    with pytest.raises(UpstreamError, match="circuit open") as caught:
        await one.parts.claim(one.here)
    assert caught.value.fault is FailureKind.COOLDOWN
    assert one.state == "open"
    one.time += 1.1
    one.shared.connection.granted = 1
    await one.parts.claim(one.here)
    one.answer()


async def test_who_wants_to_try_asks_for_it_in_its_own_name(one):
    one.fail()
    one.time += 1.5
    await one.parts.claim(one.here)
    ((command, _, *given),) = one.shared.connection.asked
    assert (command, given) == ("EVALSHA", [1, TRIAL, "one", 3000])
    assert one.state == "half_open"  # it may go on


async def test_the_right_to_try_is_kept_while_it_lasts(round_, one):
    one.fail()
    one.time += 1.5
    with one.circuits.attempt(one.here):
        await one.parts.look(round_)
        assert round_.ran == [((TRIAL,), "one", 3000)]
    await one.parts.look(round_)
    assert len(round_.ran) == 1


async def test_while_redis_fails_each_tries_and_all_is_told_later(round_, one, other):
    one.shared.is_out = True
    one.fail()
    one.time += 1.5
    await one.parts.claim(one.here)
    assert not round_.values
    one.shared.is_out = False
    await one.parts.look(round_)
    await other.parts.look(round_)
    assert other.circuits.open_ones()


async def test_what_is_said_while_a_round_is_under_way_is_newer(round_, one):
    one.fail()
    before = dict(round_.values[KEY])

    class Slow(Flat):
        async def ask(self, command, key, *arguments):
            one.time += 1.5
            one.answer()
            return [part for pair in before.items() for part in pair]

    await one.parts.look(Slow(NOW))
    assert one.state == "closed"


async def test_upstreams_that_are_not_shared_are_ones_own(round_, one):
    one.fail(deployment=ALONE)
    assert one.circuits.state(ALONE) is State.OPEN
    await one.parts.look(round_)
    one.time += 1.5
    await one.parts.claim(ALONE)
    assert not round_.values.get(KEY)


@pytest.mark.parametrize(
    "junk",
    [
        b"junk",
        b"[]",
        b"null",
        orjson.dumps([NOW, 1, "no such", "m"]),
        orjson.dumps(["x", 1, "failed", "m"]),
        orjson.dumps([NOW + 1e9, 1, "failed", "m"]),
        orjson.dumps([NOW - 601, 1, "failed", "m"]),
        orjson.dumps([NOW + 3601, 1, "failed", "m"]),
        orjson.dumps([NOW, -1, "failed", "m"]),
        orjson.dumps([NOW, 2**31, "failed", "m"]),
        orjson.dumps([NOW, 1e300, "failed", "m"]),
    ],
)
async def test_what_cannot_be_read_or_is_old_is_removed(round_, one, junk):
    round_.values[KEY] = {b"id/m": junk, b"another/m": junk, b"\xff": junk}
    await one.parts.look(round_)
    assert one.state == "closed"
    assert b"id/m" not in round_.values[KEY]
    assert b"another/m" in round_.values[KEY]  # a matter of those who know that upstream


@pytest.mark.parametrize(("seconds", "openings"), [(-600, 1), (3600, 1), (1, 0), (1, 2**31 - 1)])
async def test_what_is_just_possible_counts(round_, one, seconds, openings):
    round_.values[KEY] = {b"id/m": orjson.dumps([NOW + seconds, openings, "busy", "full"])}
    await one.parts.look(round_)
    opened = Opened(float(seconds), openings, FailureKind.BUSY, "full")
    assert one.circuits.open_ones() == {one.here: opened}


@pytest.mark.parametrize("junk", [{}, {b"id/m": b"junk"}])
async def test_neither_what_is_known_nor_junk_hides_what_comes_after_it(round_, one, junk):
    one.fail()
    await one.parts.look(round_)
    round_.values[KEY] |= junk
    model = "an-organisation/a-model"
    round_.values[KEY][f"id/{model}".encode()] = orjson.dumps([NOW + 1, 1, "failed", "m"])
    await one.parts.look(round_)
    assert Deployment("u", model) in one.circuits.open_ones()


async def test_a_change_of_settings_goes_on_with_what_is_known(round_, one):
    one.fail()
    await one.parts.look(round_)
    later = SharedCircuits(one.shared, one.circuits, {"u": "id"})
    later.reuse_from(one.parts)
    round_.values.clear()
    await later.look(round_)
    assert one.state == "closed"
    await later.leave(round_)
