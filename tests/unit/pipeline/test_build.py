"""The steps of the pipeline are put together as the settings say."""

import asyncio

import pytest
from tests.fakes.pipelines import ONE, TWO, Plan, Upstream, call, failing
from tests.fakes.steps import run_interrupted

from gearshift.config.loading import Settings
from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.admission import Admission
from gearshift.pipeline.build import build
from gearshift.pipeline.carry_over import carry_over
from gearshift.pipeline.circuit_breakers import CircuitBreakers, State
from gearshift.types import EmbeddingRequest, Operation


class Health:
    """Notes what it is told to learn, and knows nothing to go on with."""

    def __init__(self):
        self.learned = []

    def learn_incapable(self, *said):
        self.learned.append(said)

    def carry_over(self, previous, unchanged):
        pass


class Built:
    """A pipeline with these settings before two upstreams, and what its sink is told."""

    def __init__(self, one, two=(), claim=None, **settings):
        self.upstreams = {"one": Upstream([*one]), "two": Upstream([*two] or [Plan()])}
        self.upstreams["two"].dialect = "ollama"
        self.circuits = CircuitBreakers(lambda: 0.0)
        self.health = Health()
        self.events = []
        pipeline = build(
            Settings.model_validate(settings),
            self.upstreams,  # type: ignore[arg-type] # fakes
            self.circuits,
            Admission(8, 4, 60.0, lambda upstream: frozenset(("simple",))),
            self.health,  # type: ignore[arg-type] # a fake
            [self.events.append],
            claim=claim,
        )
        self.handler, self.stateful = pipeline.handler, pipeline.stateful
        self.embedder = pipeline.embedder

    async def answer(self, *chain):
        asked = call(*chain)
        asked.request.messages = [{"role": "user", "content": "secret"}]
        response = await self.handler(asked)
        while await response.frames.read() is not None:
            pass
        await response.frames.aclose()
        return response

    @property
    def asked(self):
        return [upstream.asked for upstream in self.upstreams.values()]


@pytest.mark.parametrize(("log_prompts", "prompt"), [(False, None), (True, "secret")])
async def test_an_answer_is_told_to_the_sinks_with_prompts_where_a_setting_says_so(
    log_prompts, prompt
):
    built = Built([Plan()], tiered_routing={"logging": {"log_prompts": log_prompts}})
    response = await built.answer(ONE)
    (event,) = built.events
    assert (event.status, event.decision, event.prompt) == (200, response.decision, prompt)
    assert response.dialect == "openai"


async def test_what_fails_is_answered_by_the_next_in_its_own_dialect_and_learned():
    error = failing(FailureKind.INCAPABLE)
    built = Built([Plan(result=error)])
    response = await built.answer(ONE, TWO)
    assert (response.decision.upstream, response.dialect) == ("two", "ollama")
    ((deployment, _, said),) = built.health.learned
    assert (deployment, said) == (ONE.deployment, error)


async def test_chats_and_embeddings_wait_for_the_right_to_try():
    claimed = []

    async def claim(deployment):
        claimed.append(deployment)
        raise failing(FailureKind.COOLDOWN)

    built = Built([Plan()], claim=claim)
    with pytest.raises(UpstreamError):
        await built.answer(ONE, TWO)
    embedding = call(TWO)
    embedding.request = EmbeddingRequest("openai", Operation.EMBEDDING, "m", (), inputs=["a"])
    with pytest.raises(UpstreamError):
        await built.embedder(embedding)
    assert claimed == [ONE.deployment, TWO.deployment, TWO.deployment]
    assert built.asked == [0, 0]


@pytest.mark.parametrize(
    ("retries", "asked"),
    [
        ({"attempts": 0}, 1),
        ({"attempts": 2}, 3),
        ({"attempts": 3, "budget": 0.0}, 1),
        ({"attempts": 10, "budget": 1.0}, 5),  # then its circuit opens
    ],
)
async def test_what_may_pass_is_asked_again_as_often_as_the_settings_say(retries, asked):
    built = Built([Plan(result=failing())], retries={"backoff_seconds": 0.001, **retries})
    with pytest.raises(UpstreamError):
        await built.answer(ONE)
    assert built.asked == [asked, 0]
    assert [event.status for event in built.events] == [502]


def test_the_wait_before_another_try_is_the_one_of_the_settings_scattered(monkeypatch):
    monkeypatch.setattr("gearshift.pipeline.build.random.random", lambda: 0.75)

    async def scenario():
        built = Built([Plan(result=failing()), Plan()], retries={"backoff_seconds": 4.0})
        await built.answer(ONE)
        assert asyncio.get_running_loop().time() == pytest.approx(5.0)

    run_interrupted(scenario, None)


@pytest.mark.parametrize(
    ("hedging", "budget", "second"),
    [
        ({}, 0.2, 0),
        ({"enabled": False, "percentile": 50}, 0.2, 0),
        ({"enabled": True, "percentile": 50}, 0.2, 1),
        ({"enabled": True, "percentile": 99}, 0.2, 0),
        ({"enabled": True, "percentile": 50}, 0.0, 0),  # hedges are repetitions
    ],
)
def test_a_second_request_goes_out_where_hedging_is_on_after_the_percentile_that_is_set(
    hedging, budget, second
):
    async def scenario():
        plans = [*[Plan(seconds=1.0)] * 15, *[Plan(seconds=9.0)] * 5, Plan(seconds=6.0)]
        built = Built(plans, hedging=hedging, retries={"budget": budget})
        for _ in range(20):
            await built.answer(ONE, TWO)
        assert built.asked == [20, 0]
        await built.answer(ONE, TWO)
        assert built.asked == [21, second]

    run_interrupted(scenario, None)


async def test_answers_that_break_off_count_for_their_circuit():
    built = Built([Plan()])
    answers = [await built.handler(call(ONE)) for _ in range(5)]
    for answer in answers:
        assert built.circuits.state(ONE.deployment) is State.CLOSED
        answer.frames._frames.read = cut_off  # type: ignore[attr-defined] # a fake's
        with pytest.raises(UpstreamError):
            await answer.frames.read()
        await answer.frames.aclose()
    assert built.circuits.state(ONE.deployment) is State.OPEN


async def cut_off():
    raise failing(FailureKind.CUT_OFF)


def test_latencies_live_on_under_other_settings_where_the_upstream_is_the_same():
    hedging = {"enabled": True, "percentile": 50}

    async def scenario(unchanged, second):
        old = Built([Plan(seconds=1.0)], hedging=hedging)
        for _ in range(20):
            await old.answer(ONE, TWO)
        new = Built([Plan(seconds=9.0)], hedging=hedging, retries={"attempts": 2})
        carry_over(new.stateful, old.stateful, unchanged)
        await new.answer(ONE, TWO)
        assert new.asked == [1, second]

    run_interrupted(lambda: scenario({"one", "two"}, 1), None)
    run_interrupted(lambda: scenario({"two"}, 0), None)


async def test_a_change_of_settings_is_no_fresh_reserve_of_repetitions():
    retries = {"backoff_seconds": 0.001, "attempts": 2, "budget": 0.01}
    plans = [Plan(result=failing()), Plan(result=failing()), Plan()]
    old = Built(plans * 5, retries=retries)
    for _ in range(5):
        await old.answer(ONE)
    assert old.asked[0] == 15
    new = Built([Plan(result=failing())], retries={**retries, "attempts": 1})
    carry_over(new.stateful, old.stateful, {"one", "two"})
    with pytest.raises(UpstreamError):
        await new.answer(ONE)
    assert new.asked[0] == 1


def test_with_hedging_just_turned_on_there_is_nothing_to_go_on_with():
    new = Built([Plan()], hedging={"enabled": True})
    carry_over(new.stateful, Built([Plan()]).stateful, {"one", "two"})


@pytest.mark.parametrize("settings", [{}, {"hedging": {"enabled": True}}])
async def test_embeddings_have_a_way_of_their_own(settings):
    built = Built([Plan()], **settings)
    asked = call(ONE, TWO)
    asked.request = EmbeddingRequest("openai", Operation.EMBEDDING, "m", (), inputs=["a"])
    with pytest.raises(UpstreamError, match="no embeddings") as caught:
        await built.embedder(asked)
    assert caught.value.fault is FailureKind.INCAPABLE
    assert built.asked == [0, 0]
    (event,) = built.events
    assert (event.status, event.prompt) == (400, None)
