"""Whatever ends a request, wherever: its place, its trial and its stream are given back, once."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.pipelines import ONE, THREE, TWO, Pipeline, Plan, Upstream, call, failing
from tests.fakes.steps import SteppedLoop, every_step, run_interrupted

from gearshift.errors import ExhaustedError, FailureKind, UntranslatableError, UpstreamError
from gearshift.pipeline.attempts import Attempts
from gearshift.pipeline.call import Call
from gearshift.pipeline.circuit_breakers import State

SLOW = Plan(seconds=5.0)
FAILS = Plan(turns=1, result=failing())
SLOWLY_FAILS = Plan(seconds=5.0, result=failing())
BREAKS = Plan(turns=1, result=RuntimeError("a defect"))
WHOLE = Plan(turns=1, result="whole")
BUSY = Plan(result=failing(FailureKind.BUSY))
INCAPABLE = Plan(result=failing(FailureKind.INCAPABLE))
REJECTED = Plan(result=failing(FailureKind.REJECTED))

SCRIPTS = {
    "stream": ([Plan()], [Plan()]),
    "whole": ([WHOLE], [Plan()]),
    "slow": ([SLOW], [Plan()]),
    "both slow": ([SLOW], [SLOW]),
    "fails": ([FAILS], [Plan(turns=3)]),
    "fails slowly": ([SLOWLY_FAILS], [SLOW]),
    "fails slowly beside an answer": ([SLOWLY_FAILS], [Plan(turns=2)]),
    "both fail": ([FAILS], [FAILS]),
    "both fail slowly": ([SLOWLY_FAILS], [SLOWLY_FAILS]),
    "breaks": ([BREAKS], [Plan()]),
    "the other breaks": ([SLOW], [BREAKS]),
    "busy": ([BUSY], [BUSY]),
    "incapable": ([INCAPABLE], [Plan()]),
    "rejected": ([REJECTED], [Plan()]),
    # Both answer in the same turn of the loop, or a turn apart: hedges go out after 0.01 s.
    **{f"a tie, {n}": ([Plan(seconds=0.01, turns=n)], [Plan(turns=3)]) for n in (1, 2, 3)},
}


def pipelines(script: str, **more):
    one, two = SCRIPTS[script]
    return Pipeline(one, two, **more)


@pytest.mark.parametrize("hedges", [False, True], ids=["", "hedged"])
@pytest.mark.parametrize("state", [State.CLOSED, State.HALF_OPEN])
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_client_that_goes_at_any_step(script, state, hedges):
    pipeline = None

    async def scenario():
        nonlocal pipeline
        pipeline = pipelines(script, hedges=hedges, retries=1, failures=1)
        await put_circuits(pipeline, state)
        with suppress(UpstreamError, RuntimeError):
            await pipeline.answer(ONE, TWO, THREE)

    for step in every_step(scenario):
        assert pipeline is None or pipeline.held() == {}, step


async def put_circuits(pipeline: Pipeline, state: State) -> None:
    """Both circuits into a state."""
    if state is State.HALF_OPEN:
        for target in (ONE, TWO, THREE):
            pipeline.circuits.failed(target.deployment, failing())
        await asyncio.sleep(100.0)


@pytest.mark.parametrize("hedges", [False, True], ids=["", "hedged"])
@pytest.mark.parametrize("queue_seconds", [0.0, 2.0, 5.0, 60.0])
def test_a_client_that_goes_at_any_step_while_others_wait_in_the_queue(hedges, queue_seconds):
    """One place; the first has it for five seconds, just as long as the queue may take."""
    pipeline = None

    async def scenario():
        nonlocal pipeline
        pipeline = Pipeline(
            [SLOW, Plan()], [Plan(turns=2)],
            hedges=hedges, places=1, queue=8, queue_seconds=queue_seconds,
        )  # fmt: skip
        answers = [asyncio.ensure_future(pipeline.answer(ONE, TWO)) for _ in range(3)]
        try:
            ends = await asyncio.gather(*answers, return_exceptions=True)
            assert all(isinstance(end, Call | UpstreamError) for end in ends), ends
        finally:
            for answer in answers:
                answer.cancel()

    for step in every_step(scenario):
        assert pipeline is None or pipeline.held() == {}, step


plans = st.builds(
    Plan,
    seconds=st.sampled_from([0.0, 0.005, 0.01, 0.011, 1.0, 3.0]),
    turns=st.integers(0, 4),
    result=st.sampled_from(
        [
            "stream",
            "stream",
            "whole",
            RuntimeError("a defect"),
            *[failing(fault) for fault in FailureKind if fault is not FailureKind.COOLDOWN],
        ]
    ),
)
chains = st.sampled_from([(ONE,), (ONE, TWO), (ONE, THREE), (TWO, ONE, THREE), (THREE, ONE)])


@settings(max_examples=80)
@given(
    scripts=st.tuples(
        st.lists(plans, min_size=1, max_size=6), st.lists(plans, min_size=1, max_size=6)
    ),
    clients=st.lists(st.tuples(chains, st.integers(0, 60)), min_size=1, max_size=8),
    goings=st.dictionaries(st.integers(0, 7), st.integers(1, 300)),
    limits=st.fixed_dictionaries(
        {
            "places": st.integers(1, 3),
            "queue": st.integers(0, 4),
            "queue_seconds": st.sampled_from([0.0, 0.01, 1.0, 60.0]),
            "failures": st.integers(1, 3),
            "retries": st.integers(0, 2),
            "hedges": st.booleans(),
        }
    ),
)
def test_whoever_comes_and_goes_nothing_stays_behind(scripts, clients, goings, limits):
    pipeline = Pipeline(*scripts, **limits)

    async def client(chain, turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        with suppress(UpstreamError, RuntimeError):
            await pipeline.answer(*chain)

    async def scenario():
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SteppedLoop)
        tasks = [loop.create_task(client(*one)) for one in clients]
        for who, step in goings.items():
            loop.interruptions[step] = tasks[who % len(tasks)].cancel
        await asyncio.wait(tasks)
        ends = [None if task.cancelled() else task.exception() for task in tasks]
        assert ends == [None] * len(tasks)

    run_interrupted(scenario, None)
    assert pipeline.held() == {}
    run_interrupted(lambda: everybody_is_asked(pipeline), None)


async def everybody_is_asked(pipeline: Pipeline) -> None:
    """Whatever has happened, later each deployment is asked again."""
    for upstream in pipeline.upstreams.values():
        upstream.plans = [Plan()]
    await asyncio.sleep(1000.0)
    for target in (ONE, TWO, THREE):
        asked = await pipeline.answer(target)
        assert asked.attempts == []


def test_a_failure_counts_for_the_circuit_and_in_the_call():
    async def scenario():
        pipeline = Pipeline([FAILS])
        asked = call(ONE)
        for _ in range(5):
            with pytest.raises(UpstreamError, match="said"):
                await pipeline.attempts(asked, ONE)
        assert [name for name, _ in asked.attempts] == ["one/m"] * 5
        assert pipeline.circuits.state(ONE.deployment) is State.OPEN
        with pytest.raises(UpstreamError) as caught:
            await pipeline.attempts(asked, ONE)
        assert caught.value.fault is FailureKind.COOLDOWN
        assert len(asked.attempts) == 5
        assert pipeline.upstreams["one"].asked == 5

    run_interrupted(scenario, None)


def test_a_full_queue_says_nothing_about_the_upstream():
    async def scenario():
        pipeline = Pipeline([SLOW], places=1, queue=0, failures=1, retries=3)
        first = asyncio.ensure_future(pipeline.answer(ONE))
        await asyncio.sleep(0.1)
        with pytest.raises(ExhaustedError, match="1 requests in flight") as caught:
            await pipeline.answer(ONE)
        assert len(caught.value.attempts) == 1  # to ask again would only fill it more
        assert pipeline.circuits.state(ONE.deployment) is State.CLOSED
        await first

    run_interrupted(scenario, None)


def test_who_is_refused_by_the_circuit_does_not_wait_in_the_queue():
    async def scenario():
        pipeline = Pipeline([SLOW], places=1, failures=1)
        first = asyncio.ensure_future(pipeline.answer(ONE))
        await asyncio.sleep(0.1)
        pipeline.circuits.failed(ONE.deployment, failing())
        loop = asyncio.get_running_loop()
        before = loop.time()
        with pytest.raises(UpstreamError, match="circuit open"):
            await pipeline.answer(ONE)
        assert loop.time() == before
        await first

    run_interrupted(scenario, None)


def test_as_a_last_resort_it_waits_for_a_place_though_the_circuit_is_open():
    async def scenario():
        pipeline = Pipeline([SLOW, Plan()], places=1, failures=1)
        first = asyncio.ensure_future(pipeline.answer(ONE))
        await asyncio.sleep(0.1)
        pipeline.circuits.failed(ONE.deployment, failing())
        frames = await pipeline.attempts(call(ONE), ONE, as_last_resort=True)
        assert asyncio.get_running_loop().time() == pytest.approx(5.0)
        await frames.aclose()
        await first
        assert pipeline.held() == {}

    run_interrupted(scenario, None)


def test_what_a_deployment_cannot_do_is_told_with_the_request_and_its_words():
    async def scenario():
        learned = []
        pipeline = Pipeline([INCAPABLE])
        attempts = Attempts(
            pipeline.upstreams,
            pipeline.admission,
            pipeline.circuits,
            lambda *said: learned.append(said),
        )
        asked = call(ONE)
        with pytest.raises(UpstreamError) as caught:
            await attempts(asked, ONE)
        assert learned == [(ONE.deployment, asked.request, caught.value)]
        assert asked.attempts == [("one/m", caught.value)]

    run_interrupted(scenario, None)


@pytest.mark.parametrize("fault", [one for one in FailureKind if one is not FailureKind.INCAPABLE])
def test_other_faults_teach_nothing_about_what_a_deployment_can_do(fault):
    async def scenario():
        pipeline = Pipeline([Plan(result=failing(fault))])
        asked = call(ONE)
        with pytest.raises(UpstreamError):
            await pipeline.attempts(asked, ONE)
        assert pipeline.learned == []
        assert len(asked.attempts) == (fault is not FailureKind.COOLDOWN)

    run_interrupted(scenario, None)


def test_what_a_dialect_cannot_say_teaches_nothing_about_the_model():
    async def scenario():
        pipeline = Pipeline(
            [Plan(result=UntranslatableError("Ollama does not take images by URL"))]
        )
        with pytest.raises(UntranslatableError):
            await pipeline.attempts(call(ONE), ONE)
        assert pipeline.learned == []

    run_interrupted(scenario, None)


def test_the_request_goes_to_the_model_of_the_deployment_and_is_admitted_for_its_tier():
    async def scenario():
        pipeline = Pipeline([Plan()])
        sent = []

        async def send(request, model):
            sent.append((request, model))
            return await Upstream([Plan()]).send(request, model)

        pipeline.upstreams["two"].send = send  # type: ignore[method-assign] # a fake's
        asked = call(THREE)
        frames = await pipeline.attempts(asked, THREE)
        assert sent == [(asked.request, "large")]
        assert pipeline.admission._gates["two"]._in_flight.held("complex") == 1
        await frames.aclose()
        assert pipeline.held() == {}

    run_interrupted(scenario, None)
