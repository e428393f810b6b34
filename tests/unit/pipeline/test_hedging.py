"""The second request: when it goes out, who wins, and what becomes of the other."""

import asyncio
import logging

import pytest
from tests.fakes.pipelines import ONE, TWO, Pipeline, Plan, call, failing
from tests.fakes.steps import run_interrupted

from gearshift.errors import Fault, UpstreamError
from gearshift.pipeline.circuits import State
from gearshift.pipeline.hedging import Latencies
from gearshift.types import WholeAnswer

QUICK = Plan(turns=1)
SLOW = Plan(seconds=5.0)


def hedged(one, two=QUICK, **more):
    """A pipeline that knows quick times, so that it hedges after a hundredth of a second."""
    return Pipeline([one], [two], hedges=True, **more)


def asked(pipeline):
    return [pipeline.upstreams[name].asked for name in ("one", "two")]


def test_a_quick_answer_needs_no_second_request():
    async def scenario():
        pipeline = hedged(QUICK)
        assert pipeline.hedging is not None
        target, frames = await pipeline.hedging(call(ONE, TWO), ONE, TWO)
        assert (target, asked(pipeline)) == (ONE, [1, 0])
        await frames.aclose()

    run_interrupted(scenario, None)


def test_the_second_wins_and_the_first_is_cancelled():
    async def scenario():
        pipeline = hedged(SLOW, Plan(result="whole"))
        assert pipeline.hedging is not None
        target, frames = await pipeline.hedging(call(ONE, TWO), ONE, TWO)
        assert target == TWO
        assert isinstance(frames, WholeAnswer)
        await asyncio.sleep(0.1)
        assert asked(pipeline) == [1, 1]
        assert pipeline.upstreams["one"].cancelled == 1
        assert pipeline.held() == {}

    run_interrupted(scenario, None)


def test_without_enough_known_times_there_is_no_second_request():
    async def scenario():
        pipeline = hedged(SLOW)
        assert pipeline.hedging is not None
        pipeline.hedging._latencies = Latencies()
        await pipeline.answer(ONE, TWO)
        assert asked(pipeline) == [1, 0]

    run_interrupted(scenario, None)


def test_when_both_fail_the_first_one_is_heard_and_both_count():
    async def scenario():
        pipeline = hedged(
            Plan(seconds=5.0, result=failing(message="first")),
            Plan(result=failing(message="second")),
            failures=1,
        )
        assert pipeline.hedging is not None
        one = call(ONE, TWO)
        with pytest.raises(UpstreamError, match="first"):
            await pipeline.hedging(one, ONE, TWO)
        assert [(name, error.message) for name, error in one.attempts] == [
            ("two/m", "second"),
            ("one/m", "first"),
        ]
        for target in (ONE, TWO):
            assert pipeline.circuits.state(target.deployment) is not State.CLOSED

    run_interrupted(scenario, None)


def test_what_fails_behind_a_second_that_wins_is_counted_all_the_same():
    async def scenario():
        fails = Plan(seconds=1.0, result=failing())
        pipeline = hedged(fails, Plan(seconds=2.0), failures=3)
        for number in range(1, 4):
            one = await pipeline.answer(ONE, TWO)
            assert [name for name, _ in one.attempts] == ["one/m"]
            assert one.decision.upstream == "two"
            assert pipeline.circuits._circuits[ONE.deployment].failures == number
        assert pipeline.circuits.state(ONE.deployment) is not State.CLOSED

    run_interrupted(scenario, None)


def test_a_failing_second_is_counted_though_the_first_wins():
    async def scenario():
        pipeline = hedged(SLOW, Plan(result=failing(Fault.INCAPABLE)))
        one = await pipeline.answer(ONE, TWO)
        assert [name for name, _ in one.attempts] == ["two/m"]
        assert one.decision.upstream == "one"
        assert pipeline.learned == [TWO.deployment]

    run_interrupted(scenario, None)


@pytest.mark.parametrize("second", [ONE, TWO], ids=["itself", "another"])
def test_nobody_is_asked_beside_where_the_circuit_is_open(second):
    async def scenario():
        pipeline = hedged(SLOW, failures=1)
        assert pipeline.hedging is not None
        pipeline.circuits.failed(second.deployment, failing())
        target, frames = await pipeline.hedging(call(ONE, TWO), ONE, second, as_last_resort=True)
        assert (target, asked(pipeline)) == (ONE, [1, 0])
        assert pipeline.budget.spend()
        await frames.aclose()

    run_interrupted(scenario, None)


def test_nobody_is_asked_beside_when_the_budget_is_spent():
    async def scenario():
        pipeline = hedged(SLOW)
        while pipeline.budget.spend():
            pass
        await pipeline.answer(ONE, TWO)
        assert asked(pipeline) == [1, 0]

    run_interrupted(scenario, None)


def test_a_trial_that_loses_leaves_the_trial_to_others():
    async def scenario():
        pipeline = hedged(SLOW, failures=1)
        pipeline.circuits.failed(ONE.deployment, failing())
        await asyncio.sleep(10)
        one = await pipeline.answer(ONE, TWO)
        assert one.decision.upstream == "two"
        await asyncio.sleep(1)
        assert pipeline.circuits.state(ONE.deployment) is State.HALF_OPEN
        assert pipeline.held() == {}

    run_interrupted(scenario, None)


def test_an_answer_that_comes_in_the_moment_of_losing_is_closed():
    for turns in range(10):
        pipeline = hedged(Plan(seconds=0.01, turns=turns), Plan())

        async def scenario(pipeline=pipeline):
            await pipeline.answer(ONE, TWO)
            await asyncio.sleep(1)

        run_interrupted(scenario, None)
        assert pipeline.held() == {}


def test_a_defect_behind_a_second_that_wins_is_told(caplog):
    async def scenario():
        breaks = Plan(seconds=1.0, result=RuntimeError("quotes the prompt"))
        await hedged(breaks, Plan(seconds=2.0)).answer(ONE, TWO)

    with caplog.at_level(logging.ERROR):
        run_interrupted(scenario, None)
    assert "RuntimeError while two deployments were asked" in caplog.text
    assert "quotes the prompt" not in caplog.text


def test_percentiles():
    latencies = Latencies()
    for number in range(100):
        latencies.note(ONE.deployment, float(number))
    assert latencies.percentile(ONE.deployment, 95) == 95.0
    assert latencies.percentile(TWO.deployment, 95) is None
