"""A change at one replica is made at all, whoever was faster, and none is lost."""

import asyncio
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from tests.fakes.shared import Kept

from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.serving.shared_settings import SharedSettings

KEY = "gearshift-state:1:settings"


def settings(threshold=3.0, **routing):
    return Settings.model_validate(
        {"tiered_routing": {"complexity_threshold": threshold, **routing}}
    )


class State:
    """Counts what is asked of it."""

    def __init__(self):
        self.parts, self.again, self.announced = [], 0, 0

    def attach(self, part):
        self.parts.append(part)

    def detach(self, part):
        self.parts.remove(part)

    def look_again(self):
        self.again += 1

    def announce(self):
        self.announced += 1


class Replica:
    """One that has settings, and activates what it is told to."""

    def __init__(self, active=None):
        self.active, self.applied, self.error = active or settings(), [], None
        self.shared = SharedSettings(self.apply, lambda: self.active)
        self.state = State()
        self.switch_to(self.state)

    def switch_to(self, state):
        llm: Any = SimpleNamespace(shared_state=state)
        self.shared.switch_to(llm)

    async def apply(self, partial):
        self.applied.append(partial)
        if self.error is not None:
            raise self.error
        routing = self.active.tiered_routing.model_copy(update=partial)
        self.active = self.active.model_copy(update={"tiered_routing": routing})

    def change(self, **routing):
        before, self.active = self.active, settings(**routing)
        self.shared.changed(before, self.active)

    async def settled(self):
        async with asyncio.timeout(20):
            while self.shared._is_wanted.is_set() or self.shared._wanted:  # noqa: ASYNC110 - a task
                await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.fixture
async def replica():
    made = Replica()
    made.shared._task = asyncio.create_task(made.shared._run())
    yield made
    await made.shared.aclose()


def stored(version, **changes):
    return orjson.dumps({"version": version, "changes": changes})


async def test_a_change_is_given_to_the_others(replica):
    round_ = Kept()
    await replica.shared.look(round_)
    replica.change(threshold=4)
    assert replica.state.again == 1
    await replica.shared.look(round_)
    ((_, version, text, *_),) = round_.ran
    assert version == 1
    assert orjson.loads(text)["changes"] == {"complexity_threshold": [4.0, [3.0]]}
    assert replica.state.announced == 1
    assert not replica.applied


async def test_and_is_made_by_them_even_where_a_file_is_another(replica):
    replica.active = settings(3.5)
    round_ = Kept()
    await replica.shared.look(round_)
    round_.values[KEY] = stored(1, complexity_threshold=[4.0, [3.0]])
    await replica.shared.look(round_)
    await replica.settled()
    assert replica.applied == [{"complexity_threshold": 4.0}]
    assert not round_.ran
    await replica.shared.look(round_)
    await replica.settled()
    assert len(replica.applied) == 1
    assert round_.asked[-1][0] == "EXPIRE"


async def test_who_is_slower_changes_it_on_top_of_the_other(replica):
    round_ = Kept()
    await replica.shared.look(round_)
    replica.change(threshold=4)
    round_.scripts = [0]  # somebody was faster after it was read
    await replica.shared.look(round_)
    assert replica.state.again == 2
    round_.values[KEY] = stored(
        1, complexity_threshold=[5.0, [3.0]], fallback_to_simple=[False, [True]]
    )
    await replica.shared.look(round_)
    await replica.settled()
    assert replica.applied == [{"fallback_to_simple": False}]
    changes = orjson.loads(round_.ran[-1][2])
    assert changes["version"] == 2
    assert changes["changes"]["complexity_threshold"] == [4.0, [3.0, 5.0]]


async def test_what_redis_has_lost_is_written_again(replica):
    round_ = Kept()
    round_.values[KEY] = stored(7, complexity_threshold=[4.0, [3.0]])
    await replica.shared.look(round_)
    await replica.settled()
    round_.values.clear()
    await replica.shared.look(round_)
    assert round_.ran[-1][1] == 7


@pytest.mark.parametrize(
    ("file", "applied"),
    [
        (3.0, [{"complexity_threshold": 4.0}]),
        (3.5, [{"complexity_threshold": 4.0}]),  # it was gone when the last change was made
        (4.0, []),
        (2.0, []),
    ],
)
async def test_at_the_start_a_file_that_was_written_since_counts(file, applied, caplog):
    replica = Replica(settings(file))
    round_ = Kept()
    round_.values[KEY] = stored(7, complexity_threshold=[4.0, [3.0, 3.5]])

    async def look():
        await replica.shared.look(round_)

    await asyncio.gather(replica.shared.start(), look())
    assert replica.applied == applied
    assert ("the configuration counts" in caplog.text) == (file == 2.0)
    await replica.shared.aclose()
    assert not replica.state.parts


async def test_what_cannot_be_activated_is_told_and_ends_nothing(replica, caplog):
    round_ = Kept()
    await replica.shared.look(round_)
    for version, error in enumerate((GearshiftError("no upstream"), ZeroDivisionError()), 1):
        replica.error = error
        round_.values[KEY] = stored(version, complexity_threshold=[float(version), [3.0]])
        await replica.shared.look(round_)
        await replica.settled()
    assert "not changed as at another replica: no upstream" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    replica.error = None
    round_.values[KEY] = stored(3, complexity_threshold=[6.0, [3.0]])
    await replica.shared.look(round_)
    await replica.settled()
    assert replica.active.tiered_routing.complexity_threshold == 6


async def test_redis_does_not_decide_which_code_is_run(replica, caplog):
    round_ = Kept()
    await replica.shared.look(round_)
    round_.values[KEY] = stored(
        1, scorer=["os:system", ["rule"]], complexity_threshold=[4.0, [3.0]]
    )
    await replica.shared.look(round_)
    await replica.settled()
    assert replica.applied == [{"complexity_threshold": 4.0}]
    assert "os:system" in caplog.text
    round_.values[KEY] = stored(2, scorer=["learned", ["rule"]], complexity_threshold=[4.0, [3.0]])
    await replica.shared.look(round_)
    await replica.settled()
    assert replica.applied[-1] == {"scorer": "learned"}


async def test_without_shared_state_there_is_nothing_to_do():
    replica = Replica()
    replica.switch_to(None)
    assert not replica.state.parts
    replica.change(threshold=4)
    await replica.shared.start()
    await replica.shared.aclose()
