"""The second request: when it goes out, who wins, and what becomes of the other."""

import asyncio

import pytest

from gearshift.errors import Fault, UpstreamError
from gearshift.pipeline.hedging import Hedging, Latencies
from gearshift.pipeline.retries import RetryBudget
from gearshift.tiered_routing.tier_router import Target
from gearshift.types import ChatRequest, Deployment, Frame, Operation, WholeAnswer

ONE = Target(Deployment("one", "m"), "openai", "simple")
TWO = Target(Deployment("two", "m"), "openai", "simple")
REQUEST = ChatRequest("openai", Operation.CHAT, "auto", [])


class Asked:
    """Answers after the given seconds, or fails with the given error."""

    def __init__(self, **plans):
        self.plans = plans
        self.asked: list[str] = []
        self.cancelled: list[str] = []

    async def __call__(self, request, target):
        name = target.deployment.upstream
        self.asked.append(name)
        plan = self.plans[name]
        try:
            await asyncio.sleep(plan if isinstance(plan, float) else 0)
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        if isinstance(plan, UpstreamError):
            raise plan
        return WholeAnswer(Frame(name.encode()))


async def hedged(asked, **plans):
    """Hedging that knows quick times of the first deployment; then it gets the given plans."""
    hedging = Hedging(asked, 95, RetryBudget(0.5))
    for _ in range(25):
        await hedging(REQUEST, ONE, TWO)
    asked.asked.clear()
    asked.plans.update(plans)
    return hedging


async def test_a_quick_answer_needs_no_second_request():
    asked = Asked(one=0.0, two=0.0)
    hedging = await hedged(asked)
    target, _ = await hedging(REQUEST, ONE, TWO)
    assert (target, asked.asked) == (ONE, ["one"])


async def test_the_second_wins_and_the_first_is_cancelled():
    asked = Asked(one=0.0, two=0.0)
    hedging = await hedged(asked, one=30.0)
    target, frames = await hedging(REQUEST, ONE, TWO)
    assert target == TWO
    assert isinstance(frames, WholeAnswer)
    assert (asked.asked, asked.cancelled) == (["one", "two"], ["one"])


async def test_without_enough_known_times_there_is_no_second_request():
    asked = Asked(one=0.05, two=0.0)
    hedging = Hedging(asked, 95, RetryBudget(0.5))
    await hedging(REQUEST, ONE, TWO)
    assert asked.asked == ["one"]


async def test_when_both_fail_the_first_one_is_heard():
    asked = Asked(one=0.0, two=0.0)
    failed = UpstreamError("first", fault=Fault.FAILED)
    hedging = await hedged(asked, one=failed, two=UpstreamError("second", fault=Fault.FAILED))
    with pytest.raises(UpstreamError, match="first"):
        await hedging(REQUEST, ONE, TWO)


async def test_a_client_that_goes_away_cancels_both():
    asked = Asked(one=0.0, two=0.0)
    hedging = await hedged(asked, one=30.0, two=30.0)
    task = asyncio.create_task(hedging(REQUEST, ONE, TWO))
    await asyncio.sleep(0.2)  # the first answers took next to nothing
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sorted(asked.cancelled) == ["one", "two"]


def test_percentiles():
    latencies = Latencies()
    for number in range(100):
        latencies.note(ONE.deployment, float(number))
    assert latencies.percentile(ONE.deployment, 95) == 95.0
    assert latencies.percentile(TWO.deployment, 95) is None
