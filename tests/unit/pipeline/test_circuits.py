"""When a deployment that fails is left alone, and how it comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import Fault, UpstreamError
from gearshift.pipeline.circuits import Circuits, State
from gearshift.types import Deployment

DEPLOYMENT = Deployment("local", "m")
AT_ONCE = (Fault.LOADING, Fault.BUSY, Fault.MISSING_MODEL, Fault.AUTHENTICATION)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def fail(circuits, fault=Fault.UNREACHABLE, retry_after=None):
    error = UpstreamError("refused", fault=fault, retry_after_seconds=retry_after)
    circuits.failed(DEPLOYMENT, error)


def test_it_opens_after_failures_in_a_row_and_success_starts_the_count_again(clock):
    circuits = Circuits(clock, failures=3)
    for _ in range(2):
        fail(circuits)
    circuits.succeeded(DEPLOYMENT)
    for _ in range(2):
        fail(circuits)
    assert circuits.admits(DEPLOYMENT)
    fail(circuits)
    assert not circuits.admits(DEPLOYMENT)
    assert circuits.state(DEPLOYMENT) is State.OPEN


def test_after_the_wait_one_request_is_on_trial(clock):
    circuits = Circuits(clock, failures=1)
    fail(circuits)
    clock.now = 1.0
    assert circuits.state(DEPLOYMENT) is State.HALF_OPEN
    assert [circuits.admits(DEPLOYMENT) for _ in range(3)] == [True, False, False]
    circuits.succeeded(DEPLOYMENT)
    assert circuits.state(DEPLOYMENT) is State.CLOSED
    assert circuits.refusal(DEPLOYMENT) is None


def test_a_trial_without_a_verdict_leaves_the_place_to_another(clock):
    circuits = Circuits(clock, failures=1)
    fail(circuits)
    clock.now = 1.0
    assert circuits.admits(DEPLOYMENT)
    circuits.released(DEPLOYMENT)
    assert circuits.admits(DEPLOYMENT)
    fail(circuits, Fault.REJECTED)  # the client's own fault: no verdict either
    assert circuits.admits(DEPLOYMENT)


def test_the_wait_doubles_and_is_bounded(clock):
    circuits = Circuits(clock, failures=1, longest_open_seconds=30)
    waits = []
    for _ in range(8):
        fail(circuits)
        start = clock.now
        while not circuits.admits(DEPLOYMENT):
            clock.now += 0.5
        waits.append(clock.now - start)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize("fault", AT_ONCE)
def test_facts_open_at_once(clock, fault):
    circuits = Circuits(clock, failures=5)
    fail(circuits, fault)
    assert not circuits.admits(DEPLOYMENT)


@pytest.mark.parametrize("fault", [Fault.REJECTED, Fault.INCAPABLE, Fault.COOLDOWN])
def test_the_clients_own_fault_opens_nothing(clock, fault):
    circuits = Circuits(clock, failures=1)
    fail(circuits, fault)
    assert circuits.admits(DEPLOYMENT)


def test_busy_waits_as_long_as_asked_and_never_grows(clock):
    circuits = Circuits(clock)
    for _ in range(5):
        fail(circuits, Fault.BUSY)
        clock.now += 1.0
        assert circuits.admits(DEPLOYMENT)
    fail(circuits, Fault.BUSY, retry_after=7)
    refusal = circuits.refusal(DEPLOYMENT)
    assert refusal is not None
    assert refusal.retry_after_seconds == 7


def test_a_probe_that_finds_it_there_ends_the_wait(clock):
    circuits = Circuits(clock, failures=1)
    fail(circuits)
    circuits.reachable(DEPLOYMENT, is_news=False)
    assert circuits.admits(DEPLOYMENT)


def test_to_be_listed_is_not_yet_to_answer_but_a_comeback_earns_a_trial(clock):
    circuits = Circuits(clock, failures=1)
    fail(circuits, Fault.FAILED)
    circuits.reachable(DEPLOYMENT, is_news=False)
    assert not circuits.admits(DEPLOYMENT)
    circuits.reachable(DEPLOYMENT, is_news=True)
    assert circuits.state(DEPLOYMENT) is State.HALF_OPEN
    assert [circuits.admits(DEPLOYMENT) for _ in range(2)] == [True, False]


def test_as_a_last_resort_one_request_does_not_wait(clock):
    circuits = Circuits(clock, failures=1)
    fail(circuits)
    assert not circuits.admits(DEPLOYMENT)
    asked = [circuits.admits(DEPLOYMENT, as_last_resort=True) for _ in range(2)]
    assert asked == [True, False]


@given(st.lists(st.sampled_from(["fail", "succeed", "release", "tick", "ask"]), max_size=60))
def test_an_open_circuit_never_lets_two_requests_try(steps):
    clock = Clock()
    circuits = Circuits(clock, failures=2)
    on_trial = 0
    for step in steps:
        match step:
            case "tick":
                clock.now += 1.0
            case "ask":
                was_closed = circuits.state(DEPLOYMENT) is State.CLOSED
                if circuits.admits(DEPLOYMENT) and not was_closed:
                    on_trial += 1
            case "fail":
                fail(circuits)
                on_trial = 0
            case "succeed":
                circuits.succeeded(DEPLOYMENT)
                on_trial = 0
            case "release":
                circuits.released(DEPLOYMENT)
                on_trial = 0
        assert on_trial <= 1
