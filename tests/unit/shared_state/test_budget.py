"""A day's budget: what all have spent counts, and a share of the rest while that is not known."""

from typing import Any

import pytest
from tests.fakes.shared import Kept

from gearshift.shared_state.budget import SharedBudget

DAY = 20_000


class Shared:
    members, is_available, again = 4, True, 0
    time = DAY * 86_400.0

    def now(self):
        return self.time

    def look_again(self):
        self.again += 1


def made() -> Any:
    return Shared()


@pytest.fixture
def shared():
    return made()


async def test_what_is_spent_anywhere_is_spent(shared):
    budget, round_ = SharedBudget(shared, "b", 100), Kept()
    budget.spend(10)
    assert (budget.left, shared.again) == (90, 1)
    round_.scripts = [[DAY, 70]]
    await budget.look(round_)
    assert round_.ran == [(("gearshift-state:1:budget:b",), 10, DAY, 0)]
    assert budget.left == 30
    budget.allow(200)
    assert budget.left == 130
    round_.scripts = [[DAY, 75]]
    await budget.leave(round_)
    assert round_.ran[-1][1:] == (0, DAY, 70)
    assert budget.left == 125


async def test_without_redis_each_spends_its_share_and_tells_later(shared):
    budget, round_ = SharedBudget(shared, "b", 100), Kept()
    round_.scripts = [[DAY, 20]]
    await budget.look(round_)
    shared.is_available = False
    assert budget.left == 20
    budget.spend(15)
    assert budget.left == 5
    shared.is_available = True
    round_.scripts = [[DAY, 60]]
    await budget.look(round_)
    assert round_.ran[-1][1] == 15
    assert budget.left == 40


async def test_a_day_begins_by_the_clock_that_is_shared(shared):
    budget, round_ = SharedBudget(shared, "b", 100), Kept()
    round_.scripts = [[DAY, 100]]
    await budget.look(round_)
    assert budget.left == 0
    shared.time += 86_400
    assert budget.left == 100


async def test_nonsense_changes_nothing(shared):
    budget, round_ = SharedBudget(shared, "b", 100), Kept()
    budget.spend(10)
    round_.scripts = [None]
    await budget.look(round_)
    assert budget.left == 90
