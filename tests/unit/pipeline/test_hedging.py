"""The second request: when it goes out, who wins, and what becomes of the other."""

import asyncio
import logging

import pytest
from tests.fakes.pipelines import ONE, TWO, Pipeline, Plan, call, failing
from tests.fakes.steps import run_interrupted

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.circuit_breakers import State
from gearshift.pipeline.hedging import Latencies
from gearshift.types import CompleteResponse

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
        assert isinstance(frames, CompleteResponse)
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
        pipeline = hedged(SLOW, Plan(result=failing(FailureKind.INCAPABLE)))
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
        attempted = []
        attempts = pipeline.attempts

        async def noting(call, target, **how):
            attempted.append(target)
            return await attempts(call, target, **how)

        pipeline.hedging._attempts = noting
        target, frames = await pipeline.hedging(call(ONE, TWO), ONE, second, as_last_resort=True)
        assert (target, asked(pipeline), attempted) == (ONE, [1, 0], [ONE])
        assert pipeline.budget._tokens == 10.0
        await frames.aclose()

    run_interrupted(scenario, None)


@pytest.mark.parametrize("how", [{}, {"as_last_resort": True}], ids=["usual", "last resort"])
def test_the_second_is_never_asked_as_a_last_resort(how):
    async def scenario():
        pipeline = hedged(SLOW)
        assert pipeline.hedging is not None
        attempted = []
        attempts = pipeline.attempts

        async def noting(call, target, *, as_last_resort):
            attempted.append((target, as_last_resort))
            return await attempts(call, target, as_last_resort=as_last_resort)

        pipeline.hedging._attempts = noting
        _, frames = await pipeline.hedging(call(ONE, TWO), ONE, TWO, **how)
        assert attempted == [(ONE, bool(how)), (TWO, False)]
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


async def hedge(pipeline, *, second=TWO, **how):
    """Ask by a hedge alone: who answered, and after how long."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    target, frames = await pipeline.hedging(call(ONE, TWO), ONE, second, **how)
    await frames.aclose()
    return target, round(loop.time() - began, 6)


def test_the_second_request_goes_out_when_the_first_is_later_than_most():
    async def scenario():
        pipeline = hedged(SLOW, Plan(seconds=2.0))
        assert await hedge(pipeline) == (TWO, 2.01)
        pipeline = hedged(SLOW, SLOW)
        assert await hedge(pipeline) == (ONE, 5.0)
        pipeline = hedged(Plan(seconds=0.009), SLOW)
        assert await hedge(pipeline) == (ONE, 0.009)
        assert asked(pipeline) == [1, 0]

    run_interrupted(scenario, None)


def test_the_percentile_is_the_one_that_is_set():
    async def scenario():
        pipeline = hedged(SLOW, Plan(seconds=1.0))
        pipeline.hedging._latencies = Latencies()
        for number in range(100):
            pipeline.hedging._latencies.note(ONE.deployment, number / 50)
        assert await hedge(pipeline) == (TWO, 1.9 + 1.0)

    run_interrupted(scenario, None)


def test_the_times_of_answers_are_learned_and_those_of_failures_are_not():
    async def scenario():
        slow, fails = Plan(seconds=3.0), Plan(seconds=9.0, result=failing())
        pipeline = Pipeline([*[slow] * 19, *[fails] * 3, slow, SLOW], [QUICK], hedges=True)
        assert pipeline.hedging is not None
        pipeline.hedging._latencies = latencies = Latencies()
        for _ in range(19):
            assert await hedge(pipeline) == (ONE, 3.0)
        for _ in range(3):
            with pytest.raises(UpstreamError):
                await hedge(pipeline)
        assert latencies.percentile(ONE.deployment, 95) is None
        assert await hedge(pipeline) == (ONE, 3.0)
        assert latencies.percentile(ONE.deployment, 95) == pytest.approx(3.0)
        assert await hedge(pipeline) == (TWO, 3.0)  # the twenty-first is later than those
        assert latencies.percentile(TWO.deployment, 95) is None

    run_interrupted(scenario, None)


def test_a_hedge_is_paid_for_and_a_quick_answer_is_not():
    async def scenario():
        pipeline = hedged(SLOW, QUICK)
        for _ in range(10):
            assert (await hedge(pipeline))[0] == TWO
        assert (await hedge(pipeline))[0] == ONE  # the reserve is spent
        pipeline = hedged(QUICK)
        for _ in range(11):
            await hedge(pipeline)
        assert pipeline.budget._tokens == 10.0

    run_interrupted(scenario, None)


def test_only_the_first_is_asked_as_a_last_resort():
    async def scenario():
        pipeline = hedged(SLOW, failures=1)
        pipeline.circuits.failed(ONE.deployment, failing())
        with pytest.raises(UpstreamError, match="circuit open"):
            await hedge(pipeline)
        assert asked(pipeline) == [0, 0]
        assert (await hedge(pipeline, as_last_resort=True))[0] == TWO
        await asyncio.sleep(0.1)  # the loser ends, and its trial with it
        pipeline.circuits.failed(TWO.deployment, failing())
        assert (await hedge(pipeline, as_last_resort=True))[0] == ONE

    run_interrupted(scenario, None)


def test_a_circuit_that_opens_between_both_requests_is_heeded_by_the_second():
    async def scenario():
        pipeline = hedged(SLOW, failures=1)
        asking = asyncio.ensure_future(hedge(pipeline))
        await asyncio.sleep(0.005)
        pipeline.circuits.failed(TWO.deployment, failing())
        assert await asking == (ONE, 5.0)
        assert asked(pipeline) == [1, 0]

    run_interrupted(scenario, None)


@pytest.mark.parametrize("first_fails", [False, True])
def test_one_that_fails_is_waited_for_no_longer_and_the_other_is(first_fails):
    async def scenario():
        fails = Plan(seconds=1.0, result=failing())
        one, two = (fails, SLOW) if first_fails else (SLOW, fails)
        winner = (TWO, 5.01) if first_fails else (ONE, 5.0)
        assert await hedge(hedged(one, two)) == winner

    run_interrupted(scenario, None)


def test_when_the_second_fails_last_the_first_one_is_heard_all_the_same():
    async def scenario():
        first = Plan(seconds=1.0, result=failing(message="first"))
        second = Plan(seconds=3.0, result=failing(message="second"))
        pipeline = hedged(first, second)
        with pytest.raises(UpstreamError, match="first"):
            await hedge(pipeline)
        assert asyncio.get_running_loop().time() == pytest.approx(3.01)

    run_interrupted(scenario, None)


def test_nothing_is_kept_of_what_has_ended():
    async def scenario():
        pipeline = hedged(SLOW)
        await hedge(pipeline)
        await asyncio.sleep(1)
        assert pipeline.hedging._tasks == set()

    run_interrupted(scenario, None)


def test_a_loser_that_fails_as_upstreams_do_or_is_cancelled_is_no_defect(caplog):
    async def scenario():
        fails = Plan(seconds=1.0, result=failing())
        assert (await hedge(hedged(fails, Plan(seconds=2.0))))[0] == TWO
        assert (await hedge(hedged(SLOW, QUICK)))[0] == TWO
        await asyncio.sleep(10)

    run_interrupted(scenario, None)
    assert caplog.records == []


def test_a_defect_names_its_places_in_order(caplog):
    async def scenario():
        breaks = Plan(seconds=1.0, result=RuntimeError("quotes the prompt"))
        await hedge(hedged(breaks, Plan(seconds=2.0)))

    run_interrupted(scenario, None)
    (record,) = caplog.records
    first, *places = record.getMessage().splitlines()
    assert first == "RuntimeError while two deployments were asked"
    assert places[0].lstrip().startswith("File ")
    assert "in send" in places[-2]
    assert places[-1].strip() == "raise plan.result"
    assert all(place.startswith("  ") for place in places)


def noted(*seconds):
    latencies = Latencies()
    for one in seconds:
        latencies.note(ONE.deployment, one)
    return latencies


@pytest.mark.parametrize(
    ("percent", "seconds"),
    [(0.5, 0.0), (1, 1.0), (50, 50.0), (95, 95.0), (99.9, 99.0), (100, 99.0)],
)
def test_percentiles(percent, seconds):
    latencies = noted(*map(float, reversed(range(100))))
    assert latencies.percentile(ONE.deployment, percent) == seconds
    assert latencies.percentile(TWO.deployment, percent) is None


def test_a_percentile_is_of_the_newest_two_hundred_and_of_twenty_at_least():
    assert noted(*[1.0] * 19).percentile(ONE.deployment, 95) is None
    assert noted(*[1.0] * 20).percentile(ONE.deployment, 95) == 1.0
    assert noted(9.0, *[1.0] * 199).percentile(ONE.deployment, 100) == 9.0
    assert noted(9.0, *[1.0] * 200).percentile(ONE.deployment, 100) == 1.0


def test_times_are_carried_over_for_upstreams_that_are_the_same():
    old, new = Latencies(), Latencies()
    for _ in range(30):
        old.note(ONE.deployment, 1.0)
        old.note(TWO.deployment, 1.0)
    new.carry_over(old, {"one"})
    for _ in range(300):
        new.note(ONE.deployment, 5.0)
    assert new.percentile(ONE.deployment, 50) == 5.0
    assert new.percentile(TWO.deployment, 50) is None
    assert old.percentile(ONE.deployment, 50) == 1.0
