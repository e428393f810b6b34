"""Who probes, what the others go by, and how that passes on."""

from typing import Any

import pytest
from tests.fakes.shared import Kept

from gearshift.pipeline.findings import decode, encode
from gearshift.pipeline.shared_probes import SharedProbes, _stamp
from gearshift.types import ModelInfo, UpstreamState

WELL = UpstreamState(True, models=(ModelInfo("m"),))
DOWN = UpstreamState(False, detail="refused")
STAMP, VALUE = "gearshift-state:1:found:id:stamp", "gearshift-state:1:found:id"
LEASE = ("gearshift-state:1:prober:id",)


class Shared:
    def __init__(self):
        self.member, self.members, self.is_available = "me", 3, True
        self.again = self.announced = 0

    def look_again(self):
        self.again += 1

    def announce(self):
        self.announced += 1


class Stored(Kept):
    """Answers MGET, too."""

    async def ask(self, command, key, *arguments):
        if command == "MGET":
            return [self.values.get(name) for name in (key, *arguments)]
        return await super().ask(command, key, *arguments)


class Process:
    def __init__(self):
        self.time, self.taken = 100.0, []
        self.shared: Any = self.made()
        self.probes = SharedProbes(
            self.shared, {"u": "id"}, lambda *found: self.taken.append(found), lambda: self.time
        )

    def made(self) -> Any:
        return Shared()


@pytest.fixture
def process():
    return Process()


@pytest.fixture
def round_():
    return Stored()


def put(round_, state):
    value = encode(state)
    round_.values |= {STAMP: _stamp(value), VALUE: value}


async def test_who_has_the_lease_probes_and_gives_what_it_finds(process, round_):
    round_.scripts = [[1]]
    await process.probes.look(round_)
    assert round_.ran == [(LEASE, "me", 3000)]
    assert process.probes.is_mine("u")
    assert not process.probes.is_informed("u")
    process.probes.found("u", WELL, is_ready=True)
    assert process.shared.again == 1
    round_.scripts = [[1], 1]
    await process.probes.look(round_)
    keys, member, stamp, value, _ = round_.ran[-1]
    assert (keys, member) == ((*LEASE, STAMP, VALUE), "me")
    assert decode(value) == WELL
    assert stamp == _stamp(value)
    assert len(stamp) == 16
    assert process.shared.announced == 1
    assert not process.probes.is_informed("u")  # by another one
    process.probes.found("u", WELL, is_ready=True)  # no news: the next round will do
    assert process.shared.again == 1
    round_.scripts = [[1], 1]
    await process.probes.look(round_)
    assert len(round_.ran) == 5  # it is written again, to last, and nobody need look
    assert process.shared.announced == 1


async def test_others_go_by_it_and_do_not_probe(process, round_):
    put(round_, WELL)
    for _ in range(2):
        round_.scripts = [[0]]
        await process.probes.look(round_)
    assert not process.probes.is_mine("u")
    assert process.probes.is_informed("u")
    assert process.taken == [("u", WELL)]
    assert [asked for asked in round_.asked if asked[0] != "MGET"] == [
        ("GETRANGE", VALUE, 0, 1_000_000)
    ]
    process.probes.found("u", DOWN, is_ready=False)  # asked for by somebody here: not given
    put(round_, DOWN)
    round_.scripts = [[0]]
    await process.probes.look(round_)
    assert process.taken[1:] == [("u", DOWN)]


async def test_without_redis_and_for_other_upstreams_each_probes(process, round_):
    round_.scripts = [[0]]
    await process.probes.look(round_)
    assert process.probes.is_mine("engine")
    assert not process.probes.is_informed("engine")
    process.probes.found("engine", WELL, is_ready=True)
    process.shared.is_available = False
    assert process.probes.is_mine("u")


async def test_what_a_prober_finds_that_has_lost_its_lease_is_not_taken(process, round_):
    round_.scripts = [[1]]
    await process.probes.look(round_)
    process.probes.found("u", DOWN, is_ready=False)
    round_.scripts = [[1], 0]
    await process.probes.look(round_)
    assert not process.probes.is_mine("u")
    assert not process.probes.is_informed("u")
    assert not process.shared.announced


@pytest.mark.parametrize(("members", "gives_away"), [(1, False), (2, True)])
async def test_an_ailing_upstream_is_looked_at_by_another(process, round_, members, gives_away):
    process.shared.members = members
    round_.scripts = [[1]]
    await process.probes.look(round_)
    process.probes.found("u", DOWN, is_ready=False)
    round_.scripts = [[1], 1, 1]
    await process.probes.look(round_)
    assert process.probes.is_mine("u") != gives_away
    assert (round_.ran[-1] == (LEASE, "me")) == gives_away
    if gives_away:
        asked = len(round_.ran)
        await process.probes.look(round_)
        assert len(round_.ran) == asked  # it rests
        process.time += 3
        round_.scripts = [[1]]
        await process.probes.look(round_)
        assert process.probes.is_mine("u")


@pytest.mark.parametrize("value", [None, b"junk", b"[]", encode(DOWN)])
async def test_a_finding_that_is_none_is_removed(process, round_, value):
    put(round_, WELL)
    round_.values[VALUE] = value
    round_.scripts = [[0]]
    await process.probes.look(round_)
    assert not process.taken
    assert STAMP not in round_.values


async def test_of_one_with_too_much_to_say_each_finds_out_itself(process, round_):
    round_.scripts = [[1]]
    await process.probes.look(round_)
    process.probes.found("u", UpstreamState(True, detail="x" * 1_000_001), is_ready=True)
    round_.scripts = [[1], 1]
    await process.probes.look(round_)
    _, _, stamp, value, _ = round_.ran[-1]
    other = Process()
    round_.values |= {STAMP: stamp, VALUE: value}
    round_.scripts = [[0]]
    await other.probes.look(round_)
    assert other.probes.is_mine("u")
    put(round_, WELL)
    round_.scripts = [[0]]
    await other.probes.look(round_)
    assert not other.probes.is_mine("u")
    assert other.taken == [("u", WELL)]


@pytest.mark.parametrize(("more", "is_told"), [(0, True), (1, False)])
async def test_what_is_told_is_as_long_as_others_read(process, round_, more, is_told):
    round_.scripts = [[1]]
    await process.probes.look(round_)
    shortest = len(encode(UpstreamState(True)))
    state = UpstreamState(True, detail="x" * (1_000_000 - shortest + more))
    process.probes.found("u", state, is_ready=True)
    round_.scripts = [[1], 1]
    await process.probes.look(round_)
    assert (round_.ran[-1][3] == encode(state)) == is_told


async def test_who_ends_gives_its_leases_away(process, round_):
    await process.probes.leave(round_)
    assert not round_.ran
    round_.scripts = [[1]]
    await process.probes.look(round_)
    await process.probes.leave(round_)
    assert round_.ran[-1] == (LEASE, "me")
    assert not process.probes.is_mine("u")


async def test_a_change_of_settings_keeps_the_leases(process, round_):
    round_.scripts = [[1]]
    await process.probes.look(round_)
    later = SharedProbes(process.shared, {"u": "id"}, print)
    later.reuse_from(process.probes)
    assert later.is_mine("u")
