"""Who answers when deployments fail, and what the decision then says."""

import time

import pytest

from gearshift.errors import ExhaustedError, Fault, UpstreamError
from gearshift.pipeline.admission import Admission
from gearshift.pipeline.attempts import Attempts
from gearshift.pipeline.call import Call
from gearshift.pipeline.circuits import Circuits
from gearshift.pipeline.fallback import Fallback
from gearshift.pipeline.retries import RetryBudget, RetryPolicy
from gearshift.tiered_routing.tier_router import Target
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
from gearshift.wire.faults import reply_to

SMALL, LARGE = Deployment("one", "small"), Deployment("two", "large")
CHAIN = (Target(SMALL, "openai", "simple"), Target(LARGE, "ollama", "complex"))


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
    circuits = Circuits(time.monotonic, failures=failures)
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


@pytest.mark.parametrize("kind", [k for k in Fault if k not in (Fault.REJECTED, Fault.INCAPABLE)])
async def test_a_failure_moves_to_the_next_tier_and_says_so(kind):
    response = await fallback(ScriptedProvider(fault(kind)), ScriptedProvider())(call())
    decision = response.decision
    assert (decision.tier, decision.model, decision.upstream) == ("complex", "large", "two")
    assert (decision.cause, decision.fallback) == (Cause.FALLBACK, "simple->complex")
    assert f"one/small: {kind.value}" in decision.reason


async def test_the_clients_own_fault_is_returned_as_it_is():
    two = ScriptedProvider()
    with pytest.raises(UpstreamError, match="said"):
        await fallback(ScriptedProvider(fault(Fault.REJECTED)), two)(call())
    assert two.asked == 0


async def test_a_lacking_capability_is_learned_and_answered_elsewhere():
    learned: list[tuple[object, ...]] = []
    one = ScriptedProvider(fault(Fault.INCAPABLE, "does not support tools"))
    steps = fallback(one, ScriptedProvider(), learned)
    response = await steps(call(frozenset({Capability.TOOLS})))
    assert response.decision.cause is Cause.CAPABILITY
    assert learned[0][0] == SMALL


async def test_when_everybody_fails_the_error_says_what_each_one_said():
    one, two = (ScriptedProvider(fault(Fault.FAILED, text)) for text in ("first", "second"))
    with pytest.raises(ExhaustedError) as caught:
        await fallback(one, two)(call())
    assert "one/small: first; two/large: second" in str(caught.value)


async def test_when_nobody_is_capable_the_client_hears_why():
    errors = [fault(Fault.INCAPABLE, "does not support tools") for _ in range(2)]
    with pytest.raises(UpstreamError, match="does not support tools") as caught:
        await fallback(*(ScriptedProvider(error) for error in errors))(call())
    assert not isinstance(caught.value, ExhaustedError)


async def test_a_deployment_with_an_open_circuit_is_passed_over():
    one, two = ScriptedProvider(fault(Fault.UNREACHABLE)), ScriptedProvider()
    steps = fallback(one, two, failures=1)
    await (await steps(call())).frames.aclose()
    response = await steps(call())
    assert (one.asked, two.asked) == (1, 2)
    assert response.decision.fallback == "simple->complex"


async def test_when_the_others_fail_one_that_was_left_alone_is_asked_after_all():
    one, two = ScriptedProvider(fault(Fault.UNREACHABLE)), ScriptedProvider()
    steps = fallback(one, two, failures=1)
    await (await steps(call())).frames.aclose()
    two.errors.append(fault(Fault.FAILED))
    response = await steps(call())
    assert response.decision.model == "small"
    assert response.decision.fallback is None


async def test_when_every_circuit_is_open_the_client_hears_when_to_come_back():
    both = [ScriptedProvider(fault(Fault.UNREACHABLE)) for _ in range(2)]
    steps = fallback(*both, failures=1)
    for _ in range(2):
        with pytest.raises(ExhaustedError) as caught:
            await steps(call())
    assert [provider.asked for provider in both] == [1, 1]
    reply = reply_to(caught.value)
    assert (reply.status, reply.headers) == (503, {"Retry-After": "1"})


@pytest.mark.parametrize(
    ("kind", "asked"), [(Fault.FAILED, 2), (Fault.UNREACHABLE, 2), (Fault.TIMEOUT, 1)]
)
async def test_what_may_pass_is_asked_of_the_same_deployment_again(kind, asked):
    one = ScriptedProvider(fault(kind))
    response = await fallback(one, ScriptedProvider(), retries=1)(call())
    assert one.asked == asked
    assert (response.decision.fallback is None) == (asked == 2)


async def test_a_retry_that_fails_too_moves_on():
    one = ScriptedProvider(fault(Fault.FAILED), fault(Fault.FAILED))
    response = await fallback(one, ScriptedProvider(), retries=1)(call())
    assert one.asked == 2
    assert response.decision.fallback == "simple->complex"


async def test_retries_stop_when_their_budget_is_spent():
    errors = [fault(Fault.FAILED) for _ in range(200)]
    one = ScriptedProvider(*errors)
    steps = fallback(one, ScriptedProvider(), retries=1, failures=1000)
    for _ in range(100):
        response = await steps(call())
        await response.frames.aclose()
    # The reserve, and a fifth of the requests.
    assert 100 + 10 <= one.asked <= 100 + 10 + 20
