"""Who answers when deployments fail, and what the decision then says."""

import asyncio
import time
import weakref
from types import SimpleNamespace

import pytest
from tests.fakes.pipelines import ONE, THREE, TWO, Pipeline, Plan
from tests.fakes.steps import run_interrupted

from gearshift.dialects.errors import reply_to
from gearshift.errors import ExhaustedError, FailureKind, UpstreamError
from gearshift.pipeline.admission import Admission
from gearshift.pipeline.attempts import Attempts
from gearshift.pipeline.call import Call
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.pipeline.fallback import Fallback
from gearshift.pipeline.retries import RetryBudget, RetryPolicy
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import (
    Capability,
    Cause,
    ChatRequest,
    Chunk,
    Decision,
    Deployment,
    Frame,
    Operation,
)

SMALL, LARGE = Deployment("one", "small"), Deployment("two", "large")
CHAIN = (Candidate(SMALL, "openai", "simple"), Candidate(LARGE, "ollama", "complex"))


class Frames:
    async def read(self):
        return Frame(b"x", Chunk(content="x"), is_end=True)

    async def aclose(self):
        pass


class ScriptedProvider:
    """Fails with the given errors in turn, then answers."""

    dialect = "openai"

    def __init__(self, *errors):
        self.errors = list(errors)
        self.asked = 0

    async def send(self, request, model):
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return Frames()


def call(needs=frozenset()):
    request = ChatRequest("openai", Operation.CHAT, "auto", [], needs=needs)
    decision = Decision(
        "dec-1", 0.0, "simple", "small", "one", "openai", 1.0, {}, {}, "why", Cause.SCORED,
        "rule", "1", 3.0, "hash",
    )  # fmt: skip
    return Call(request, decision, CHAIN, time.perf_counter())


def fallback(one, two, learned=None, *, retries=0, failures=5):
    learn = (lambda *said: learned.append(said)) if learned is not None else (lambda *_: None)
    circuits = CircuitBreakers(time.monotonic, failures=failures)
    admission = Admission(1, 0, 1.0, lambda upstream: frozenset())
    return Fallback(
        Attempts({"one": one, "two": two}, admission, circuits, learn),
        {"one": "openai", "two": "openai"},
        policy=RetryPolicy(retries, 0.001, lambda: 0.5),
        budget=RetryBudget(0.2),
        hedging=None,
    )


def fault(kind, message="said"):
    return UpstreamError(message, fault=kind)


async def test_the_first_that_answers_keeps_the_decision():
    response = await fallback(ScriptedProvider(), ScriptedProvider())(call())
    await response.frames.aclose()
    assert (response.decision.model, response.decision.cause) == ("small", Cause.SCORED)
    assert response.decision.fallback is None


@pytest.mark.parametrize(
    "kind", [k for k in FailureKind if k not in (FailureKind.REJECTED, FailureKind.INCAPABLE)]
)
async def test_a_failure_moves_to_the_next_tier_and_says_so(kind):
    response = await fallback(ScriptedProvider(fault(kind)), ScriptedProvider())(call())
    decision = response.decision
    assert (decision.tier, decision.model, decision.upstream) == ("complex", "large", "two")
    assert (decision.cause, decision.fallback) == (Cause.FALLBACK, "simple->complex")
    assert f"one/small: {kind.value}" in decision.reason


async def test_the_clients_own_fault_is_returned_as_it_is():
    two = ScriptedProvider()
    with pytest.raises(UpstreamError, match="said"):
        await fallback(ScriptedProvider(fault(FailureKind.REJECTED)), two)(call())
    assert two.asked == 0


async def test_a_lacking_capability_is_learned_and_answered_elsewhere():
    learned: list[tuple[object, ...]] = []
    one = ScriptedProvider(fault(FailureKind.INCAPABLE, "does not support tools"))
    steps = fallback(one, ScriptedProvider(), learned)
    response = await steps(call(frozenset({Capability.TOOLS})))
    assert response.decision.cause is Cause.CAPABILITY
    assert learned[0][0] == SMALL


async def test_when_everybody_fails_the_error_says_what_each_one_said():
    one, two = (ScriptedProvider(fault(FailureKind.FAILED, text)) for text in ("first", "second"))
    with pytest.raises(ExhaustedError) as caught:
        await fallback(one, two)(call())
    assert "one/small: first; two/large: second" in str(caught.value)


async def test_when_nobody_is_capable_the_client_hears_why():
    errors = [fault(FailureKind.INCAPABLE, "does not support tools") for _ in range(2)]
    with pytest.raises(UpstreamError, match="does not support tools") as caught:
        await fallback(*(ScriptedProvider(error) for error in errors))(call())
    assert not isinstance(caught.value, ExhaustedError)


async def test_a_deployment_with_an_open_circuit_is_passed_over():
    one, two = ScriptedProvider(fault(FailureKind.UNREACHABLE)), ScriptedProvider()
    steps = fallback(one, two, failures=1)
    await (await steps(call())).frames.aclose()
    response = await steps(call())
    assert (one.asked, two.asked) == (1, 2)
    assert response.decision.fallback == "simple->complex"


async def test_when_the_others_fail_one_that_was_left_alone_is_asked_after_all():
    one, two = ScriptedProvider(fault(FailureKind.UNREACHABLE)), ScriptedProvider()
    steps = fallback(one, two, failures=1)
    await (await steps(call())).frames.aclose()
    two.errors.append(fault(FailureKind.FAILED))
    response = await steps(call())
    assert response.decision.model == "small"
    assert response.decision.fallback is None


async def test_when_every_circuit_is_open_the_client_hears_when_to_come_back():
    both = [ScriptedProvider(fault(FailureKind.UNREACHABLE)) for _ in range(2)]
    steps = fallback(*both, failures=1)
    for _ in range(2):
        with pytest.raises(ExhaustedError) as caught:
            await steps(call())
    assert [provider.asked for provider in both] == [1, 1]
    reply = reply_to(caught.value)
    assert (reply.status, reply.headers) == (503, {"Retry-After": "1"})


@pytest.mark.parametrize(
    ("kind", "asked"),
    [(FailureKind.FAILED, 2), (FailureKind.UNREACHABLE, 2), (FailureKind.TIMEOUT, 1)],
)
async def test_what_may_pass_is_asked_of_the_same_deployment_again(kind, asked):
    one = ScriptedProvider(fault(kind))
    response = await fallback(one, ScriptedProvider(), retries=1)(call())
    assert one.asked == asked
    assert (response.decision.fallback is None) == (asked == 2)


async def test_a_retry_that_fails_too_moves_on():
    one = ScriptedProvider(fault(FailureKind.FAILED), fault(FailureKind.FAILED))
    response = await fallback(one, ScriptedProvider(), retries=1)(call())
    assert one.asked == 2
    assert response.decision.fallback == "simple->complex"


async def test_retries_stop_when_their_budget_is_spent():
    errors = [fault(FailureKind.FAILED) for _ in range(200)]
    one = ScriptedProvider(*errors)
    steps = fallback(one, ScriptedProvider(), retries=1, failures=1000)
    for _ in range(100):
        response = await steps(call())
        await response.frames.aclose()
    # The reserve, and a fifth of the requests.
    assert 100 + 10 <= one.asked <= 100 + 10 + 20


# --- what the decision says of an answer, word by word


def moved(*, tier="complex"):
    return Candidate(LARGE, "ollama", tier)


def chained(*targets, needs=frozenset()):
    asked = call(needs)
    asked.candidates = targets
    return asked


@pytest.mark.parametrize(
    ("second", "fallback_said", "tier"),
    [
        (moved(), "simple->complex", "complex"),
        (moved(tier="simple"), "one/small->two/large", "simple"),
        (moved(tier=""), "one/small->two/large", "simple"),  # a model of no tier
    ],
)
async def test_the_decision_names_who_answered_and_why(second, fallback_said, tier):
    steps = fallback(ScriptedProvider(fault(FailureKind.FAILED, "my prompt")), ScriptedProvider())
    response = await steps(chained(CHAIN[0], second))
    decision = response.decision
    assert decision.fallback == fallback_said
    assert (decision.tier, decision.model, decision.upstream) == (tier, "large", "two")
    assert (decision.provider, decision.cause) == ("ollama", Cause.FALLBACK)
    assert decision.reason == "why; answered by two/large because one/small: failed"
    assert response.dialect == "openai"


async def test_the_decision_names_all_that_failed():
    one = ScriptedProvider(fault(FailureKind.INCAPABLE), fault(FailureKind.TIMEOUT))
    third = Candidate(Deployment("one", "other"), "openai", "simple")
    response = await fallback(one, ScriptedProvider())(chained(CHAIN[0], third, CHAIN[1]))
    assert response.decision.cause is Cause.FALLBACK
    assert response.decision.reason.endswith("because one/small: incapable, one/other: timeout")


async def test_an_answer_of_the_second_without_a_failure_of_the_first_was_the_quicker_one():
    async def hedging(call, target, second, *, as_last_resort):
        return second, Frames()

    steps = fallback(ScriptedProvider(), ScriptedProvider())
    steps._hedging = hedging
    second = moved(tier="simple")
    decision = (await steps(chained(CHAIN[0], second))).decision
    assert decision.reason == "why; answered by two/large because slow"
    assert (decision.cause, decision.fallback) == (Cause.FALLBACK, "one/small->two/large")


@pytest.mark.parametrize("tier", ["simple", "complex"])
async def test_a_hedge_goes_to_the_next_of_the_same_tier_or_to_the_same_again(tier):
    asked = []

    async def hedging(call, target, second, *, as_last_resort):
        asked.append((target, second, as_last_resort))
        raise fault(FailureKind.TIMEOUT)

    steps = fallback(ScriptedProvider(), ScriptedProvider())
    steps._hedging = hedging
    second = Candidate(Deployment("two", "beside"), "openai", tier)
    last = Candidate(LARGE, "ollama", "last")
    with pytest.raises(ExhaustedError):
        await steps(chained(CHAIN[0], second, last))
    first_beside = second if tier == "simple" else CHAIN[0]
    third = (last, last, False)
    assert asked == [(CHAIN[0], first_beside, False), (second, second, False), third]


async def test_each_answer_is_in_the_dialect_of_who_gave_it():
    steps = fallback(ScriptedProvider(fault(FailureKind.FAILED)), ScriptedProvider())
    steps._dialects = {"one": "openai", "two": "ollama"}
    assert (await steps(call())).dialect == "ollama"


# --- who is asked, in which order


async def test_those_left_alone_are_asked_in_their_order_once_the_others_have_failed():
    asked = []

    class Noting(ScriptedProvider):
        async def send(self, request, model):
            asked.append(model)
            return await super().send(request, model)

    failures = [fault(FailureKind.UNREACHABLE) for _ in range(6)]
    one, two = Noting(*failures), Noting()
    other = Candidate(Deployment("one", "other"), "openai", "simple")
    steps = fallback(one, two, failures=1)
    first = await steps(chained(CHAIN[0], other, CHAIN[1]))
    await first.frames.aclose()
    two.errors.append(fault(FailureKind.FAILED))
    asked.clear()
    last = chained(CHAIN[0], other, CHAIN[1])
    with pytest.raises(ExhaustedError):
        await steps(last)
    assert asked == ["large", "small", "other"]
    said = [(name, error.fault) for name, error in last.attempts]
    assert said == [
        ("one/small", FailureKind.COOLDOWN),
        ("one/other", FailureKind.COOLDOWN),
        ("two/large", FailureKind.FAILED),
        ("one/small", FailureKind.UNREACHABLE),
        ("one/other", FailureKind.UNREACHABLE),
    ]


async def test_a_last_resort_is_asked_once_whatever_retries_there_are():
    one, two = ScriptedProvider(fault(FailureKind.UNREACHABLE)), ScriptedProvider()
    steps = fallback(one, two, failures=1)
    await (await steps(call())).frames.aclose()
    steps._policy = RetryPolicy(3, 0.001, lambda: 0.5)
    one.errors += [fault(FailureKind.UNREACHABLE)] * 5
    two.errors.append(fault(FailureKind.TIMEOUT))
    one.asked = two.asked = 0
    with pytest.raises(ExhaustedError):
        await steps(call())
    assert (one.asked, two.asked) == (1, 1)


async def test_when_the_circuit_opens_between_two_tries_the_failure_is_noted_once():
    one = ScriptedProvider(*[fault(FailureKind.UNREACHABLE)] * 5)
    steps = fallback(one, ScriptedProvider(), retries=3, failures=2)
    asked = call()
    response = await steps(asked)
    assert response.decision.model == "large"
    assert one.asked == 2
    assert [error.fault for _, error in asked.attempts] == [FailureKind.UNREACHABLE] * 2


async def test_an_empty_chain_has_nobody_to_answer():
    with pytest.raises(ExhaustedError):
        await fallback(ScriptedProvider(), ScriptedProvider())(chained())


async def test_who_is_not_capable_is_not_all_that_is_said_where_others_failed():
    one = ScriptedProvider(fault(FailureKind.INCAPABLE, "does not support tools"))
    with pytest.raises(ExhaustedError):
        await fallback(one, ScriptedProvider(fault(FailureKind.TIMEOUT)))(call())


async def test_the_first_who_is_not_capable_is_heard():
    one, two = (
        ScriptedProvider(fault(FailureKind.INCAPABLE, text)) for text in ("first", "second")
    )
    with pytest.raises(UpstreamError) as caught:
        await fallback(one, two)(call())
    assert caught.value.message == "first"


@pytest.mark.parametrize(
    ("chain", "asked"),
    [
        (CHAIN, (1, 2)),  # busy: worth waiting for only where nobody else is left
        ((CHAIN[0],), (2, 0)),
        ((CHAIN[0], moved(tier="simple")), (1, 2)),
    ],
)
async def test_who_is_busy_is_asked_again_where_nobody_else_is_left(chain, asked):
    one, two = ScriptedProvider(fault(FailureKind.BUSY)), ScriptedProvider(fault(FailureKind.BUSY))
    steps = fallback(one, two, retries=1)
    steps._attempts._circuits = CircuitBreakers(lambda: 0.0, open_seconds=0.0)  # open for no time
    await steps(chained(*chain))
    assert (one.asked, two.asked) == asked


async def test_what_fails_is_not_asked_again_where_another_of_its_tier_follows():
    one, two = ScriptedProvider(*[fault(FailureKind.FAILED)] * 2), ScriptedProvider()
    await fallback(one, two, retries=1)(chained(CHAIN[0], moved(tier="simple")))
    assert one.asked == 1


# --- what counts as our own time


def timed(monkeypatch, plans, *, retries=0, arrived_before=0.0, chain=(ONE, TWO)):
    """Ask with a clock that jumps: the call, and the response."""
    found = []

    async def scenario():
        loop = asyncio.get_running_loop()
        clock = SimpleNamespace(perf_counter=loop.time)
        monkeypatch.setattr("gearshift.pipeline.fallback.time", clock)
        pipeline = Pipeline(*plans, retries=retries)
        asked = Call(call().request, call().decision, chain, -arrived_before)
        response = await pipeline.fallback(asked)
        await response.frames.aclose()
        found.extend((asked, response, loop.time()))

    run_interrupted(scenario, None)
    return found


FAILS = Plan(seconds=3.0, result=fault(FailureKind.FAILED))


@pytest.mark.parametrize(
    ("plans", "how", "seconds"),
    [
        (([Plan(seconds=5.0)],), {}, 5.0),
        (([FAILS], [Plan(seconds=5.0)]), {"chain": (ONE, THREE)}, 8.0),
        (([FAILS, FAILS, Plan(seconds=5.0)],), {"retries": 2, "chain": (ONE,)}, 11.3),
    ],
)
def test_neither_the_time_of_upstreams_nor_waiting_between_tries_is_our_own(
    monkeypatch, plans, how, seconds
):
    asked, response, now = timed(monkeypatch, plans, arrived_before=2.0, **how)
    assert now == pytest.approx(seconds)
    assert asked.upstream_seconds == pytest.approx(seconds)
    assert response.overhead_seconds == pytest.approx(2.0)


def test_our_own_time_is_never_below_nothing(monkeypatch):
    _, response, _ = timed(monkeypatch, ([Plan(seconds=1.0)],), arrived_before=-0.5)
    assert response.overhead_seconds == 0.0


async def test_a_call_that_fell_back_is_not_left_to_the_garbage_collector(
    without_garbage_collection,
):
    class Failed(list):
        """A list that can be watched."""

    asked = call()
    asked.attempts = Failed()
    failed = weakref.ref(asked.attempts)
    down = ScriptedProvider(UpstreamError("down", fault=FailureKind.UNREACHABLE))
    answer = await fallback(down, ScriptedProvider())(asked)
    assert len(asked.attempts) == 1
    del asked, answer
    assert failed() is None
