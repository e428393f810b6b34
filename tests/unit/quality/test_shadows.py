"""Shadows: which answer is whose, what may wait, and what is said of the rest."""

import asyncio

import pytest
from tests.fakes.finished import decision

from gearshift.client.requests import chat_request
from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.quality import shadows as shadows_module
from gearshift.quality.budget import DailyBudget
from gearshift.quality.idle_client import GivenUpError
from gearshift.quality.pair import Judged, Judgement, Sample, Verdict
from gearshift.quality.shadows import Shadows
from gearshift.types import Chunk


class World:
    """A quiet asker and a judge in one, and what was told of them."""

    name = "mine"

    def __init__(self, error=None, judging=None):
        self.error, self.judging = error, judging
        self.asked, self.pairs, self.reported, self.skipped, self.sent = [], [], [], [], []

    async def tier(self, request, *, is_largest):
        self.asked.append((request, is_largest))
        if self.error:
            raise self.error
        return Chunk("repeated")

    async def judge(self, pair):
        self.pairs.append(pair)
        if self.judging:
            raise self.judging
        return Judgement(Verdict.TIE, 1.0, 1.0)


def shadows(world, tokens=1_000, max_waiting=10, budget=None):
    return Shadows(
        world,
        world,
        budget or DailyBudget(tokens, lambda: 0.0),
        report=world.reported.append,
        sent=lambda: world.sent.append(1),
        skipped=world.skipped.append,
        max_waiting=max_waiting,
    )


def sample(is_weak=True, size=0, **options):
    request = chat_request("What time is it?", options={"temperature": 0.5, **options})
    return Sample(request, decision(), Chunk("given"), is_weak, 0.2, size)


async def compared(made, world, count=1):
    running = asyncio.create_task(made.run())
    for _ in range(1_000):
        if len(world.reported) + len(world.skipped) >= count:
            break
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("is_weak", [True, False])
async def test_the_weak_answer_is_told_by_its_place(is_weak):
    world = World()
    made = shadows(world)
    client = {"stream": True, "stream_options": {}, "user": "me", "n": 1, "store": False}
    offered = sample(is_weak, **client, top_p=0.9)
    made.offer(offered)
    await compared(made, world)
    ((request, is_largest),) = world.asked
    assert is_largest is is_weak
    assert request.options == {"temperature": 0.5, "top_p": 0.9}
    assert not request.stream
    assert request.messages == offered.request.messages
    (pair,) = world.pairs
    assert pair.request is offered.request
    words = ("given", "repeated") if is_weak else ("repeated", "given")
    assert (pair.weak.content, pair.strong.content) == words
    assert world.reported == [Judged(offered, pair, "mine", Judgement(Verdict.TIE, 1.0, 1.0))]
    assert world.sent == [1]
    assert world.skipped == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (GivenUpError("x", fault=FailureKind.BUSY), "busy"),
        (UpstreamError("x", fault=FailureKind.FAILED), "failed"),
        (RuntimeError("defect"), "failed"),
    ],
)
async def test_one_that_fails_is_said_and_the_next_is_compared(error, reason):
    world = World(error)
    made = shadows(world)
    made.offer(sample())
    made.offer(sample())
    await compared(made, world, 2)
    assert world.skipped == [reason, reason]
    assert world.sent == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (GivenUpError("x", fault=FailureKind.BUSY), "busy"),
        (UpstreamError("x", fault=FailureKind.FAILED), "failed"),
        (GearshiftError("an extra is missing"), "failed"),
        (KeyError("defect"), "failed"),
    ],
)
async def test_what_was_repeated_counts_though_nobody_can_judge_it(error, reason):
    world = World(judging=error)
    made = shadows(world)
    made.offer(sample())
    await compared(made, world)
    assert (world.sent, world.skipped, world.reported) == ([1], [reason], [])


async def test_a_sample_that_comes_while_the_worker_waits_is_compared_too():
    world = World()
    made = shadows(world, max_waiting=1)
    running = asyncio.create_task(made.run())
    for count in (1, 2, 3):
        made.offer(sample())
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(world.reported) == count
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("left", [1, 0])
async def test_what_waits_when_the_budget_is_spent_is_let_go(left):
    world = World()
    budget = DailyBudget(100, lambda: 0.0)
    made = shadows(world, budget=budget)
    made.offer(sample())
    made.offer(sample())
    budget.spend(100 - left)
    await compared(made, world, 2)
    assert world.skipped == ([] if left else ["budget", "budget"])
    assert len(world.asked) == 2 * left


async def test_the_last_token_of_a_day_buys_a_sample():
    world = World()
    made = shadows(world, tokens=1)
    made.offer(sample())
    assert world.skipped == []


async def test_so_many_and_so_many_bytes_may_wait(monkeypatch):
    monkeypatch.setattr(shadows_module, "_MOST_BYTES", 100)
    world = World()
    made = shadows(world, max_waiting=3)
    for size in (60, 41, 30, 11, 10, 0):
        made.offer(sample(size=size))
    assert world.skipped == ["queue_full"] * 3
    await compared(made, world, 6)
    assert [one.sample.size for one in world.reported] == [60, 30, 10]
    made.offer(sample(size=100))
    assert len(world.skipped) == 3
    made.let_go()
    assert world.skipped[3:] == ["stopped"]
    made.offer(sample(size=100))
    assert len(world.skipped) == 4


async def test_without_a_budget_nothing_is_asked():
    world = World()
    made = shadows(world, tokens=0)
    made.offer(sample())
    assert world.skipped == ["budget"]
    assert world.asked == []
