"""When a deployment that fails is not asked, and how it comes back."""

import asyncio
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.circuit_breakers import Attempt, CircuitBreakers, Opened, State
from gearshift.types import Deployment

DEPLOYMENT = Deployment("local", "m")
AT_ONCE = (
    FailureKind.LOADING,
    FailureKind.BUSY,
    FailureKind.MISSING_MODEL,
    FailureKind.AUTHENTICATION,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def fail(circuits, fault=FailureKind.UNREACHABLE, retry_after=None):
    """A request is let in and fails."""
    error = UpstreamError("refused", fault=fault, retry_after_seconds=retry_after)
    with pytest.raises(UpstreamError, match="refused"), circuits.attempt(DEPLOYMENT):
        raise error


def admits(circuits, **how):
    """Whether a request is let in; it ends without a word on the deployment."""
    try:
        with circuits.attempt(DEPLOYMENT, **how):
            raise GoneError
    except (UpstreamError, GoneError) as error:
        return isinstance(error, GoneError)


class GoneError(Exception):
    pass


def test_it_opens_after_failures_in_a_row_and_success_starts_the_count_again(clock):
    circuits = CircuitBreakers(clock, failures=3)
    for _ in range(2):
        fail(circuits)
    circuits.succeeded(DEPLOYMENT)
    for _ in range(2):
        fail(circuits)
    assert admits(circuits)
    fail(circuits)
    assert not admits(circuits)
    assert circuits.state(DEPLOYMENT) is State.OPEN


def test_whether_one_passes_and_whether_it_would_be_the_trial(clock):
    circuits = CircuitBreakers(clock, failures=2)
    found = []

    def look():
        found.append((circuits.passes(DEPLOYMENT), circuits.is_due(DEPLOYMENT)))

    look()
    fail(circuits, FailureKind.FAILED)
    look()
    fail(circuits)
    for now in (0.0, 0.9, 1.0, 2.0):
        clock.now = now
        look()
    with circuits.attempt(DEPLOYMENT):
        look()
    look()
    free, closed, due = (True, False), (False, False), (True, True)
    assert found == [free, free, closed, closed, due, due, closed, free]


def test_after_the_wait_one_request_is_on_trial(clock):
    circuits = CircuitBreakers(clock, failures=1)
    fail(circuits)
    clock.now = 1.0
    assert circuits.state(DEPLOYMENT) is State.HALF_OPEN
    with circuits.attempt(DEPLOYMENT):
        assert [admits(circuits) for _ in range(2)] == [False, False]
        assert circuits.state(DEPLOYMENT) is State.HALF_OPEN
    assert circuits.state(DEPLOYMENT) is State.CLOSED
    assert circuits.refusal(DEPLOYMENT) is None


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        RuntimeError("a defect"),
        KeyboardInterrupt(),
        UpstreamError("the client's own fault", fault=FailureKind.REJECTED),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_trial_without_a_verdict_leaves_the_place_to_another(clock, error):
    circuits = CircuitBreakers(clock, failures=1)
    fail(circuits)
    clock.now = 1.0
    for _ in range(3):
        with pytest.raises(type(error)), circuits.attempt(DEPLOYMENT):
            raise error
        assert circuits.state(DEPLOYMENT) is State.HALF_OPEN


def test_a_trial_is_ended_by_the_request_that_is_on_trial_and_by_no_other(clock):
    circuits = CircuitBreakers(clock, failures=1)
    early = ExitStack()
    early.enter_context(circuits.attempt(DEPLOYMENT))  # while it is closed
    fail(circuits)
    clock.now = 1.0
    with circuits.attempt(DEPLOYMENT):
        early.pop_all().__exit__(asyncio.CancelledError, asyncio.CancelledError(), None)
        assert not admits(circuits)
    assert circuits.state(DEPLOYMENT) is State.CLOSED


def test_requests_that_were_under_way_together_open_it_once(clock):
    circuits = CircuitBreakers(clock, failures=3)
    error = UpstreamError("reset", fault=FailureKind.UNREACHABLE)
    under_way = [circuits.attempt(DEPLOYMENT) for _ in range(64)]
    for attempt in under_way:
        attempt.__enter__()
    for attempt in under_way:
        attempt.__exit__(UpstreamError, error, None)
    refusal = circuits.refusal(DEPLOYMENT)
    assert refusal is not None
    assert refusal.retry_after_seconds == 1.0


def test_the_wait_doubles_and_is_bounded(clock):
    circuits = CircuitBreakers(clock, failures=1, longest_open_seconds=30)
    waits = []
    for _ in range(8):
        fail(circuits)  # on trial from the second on
        start = clock.now
        while not admits(circuits):
            clock.now += 0.5
        waits.append(clock.now - start)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize("fault", AT_ONCE)
def test_facts_open_at_once(clock, fault):
    circuits = CircuitBreakers(clock, failures=5)
    fail(circuits, fault)
    assert not admits(circuits)


@pytest.mark.parametrize(
    "fault", [FailureKind.REJECTED, FailureKind.INCAPABLE, FailureKind.COOLDOWN]
)
def test_the_clients_own_fault_opens_nothing(clock, fault):
    circuits = CircuitBreakers(clock, failures=1)
    fail(circuits, fault)
    assert admits(circuits)


def test_busy_waits_as_long_as_asked_and_never_grows(clock):
    circuits = CircuitBreakers(clock)
    for _ in range(5):
        fail(circuits, FailureKind.BUSY)
        clock.now += 1.0
        assert admits(circuits)
    fail(circuits, FailureKind.BUSY, retry_after=7)
    refusal = circuits.refusal(DEPLOYMENT)
    assert refusal is not None
    assert refusal.retry_after_seconds == 7


def test_a_probe_that_finds_it_there_ends_the_wait(clock):
    circuits = CircuitBreakers(clock, failures=1)
    fail(circuits)
    circuits.reachable(DEPLOYMENT, is_news=False)
    assert admits(circuits)


def test_to_be_listed_is_not_yet_to_answer_but_a_comeback_earns_a_trial(clock):
    circuits = CircuitBreakers(clock, failures=1)
    fail(circuits, FailureKind.FAILED)
    circuits.reachable(DEPLOYMENT, is_news=False)
    assert not admits(circuits)
    circuits.reachable(DEPLOYMENT, is_news=True)
    assert circuits.state(DEPLOYMENT) is State.HALF_OPEN
    with circuits.attempt(DEPLOYMENT):
        assert not admits(circuits)


def test_as_a_last_resort_one_request_does_not_wait(clock):
    circuits = CircuitBreakers(clock, failures=1)
    fail(circuits)
    assert not admits(circuits)
    with circuits.attempt(DEPLOYMENT, as_last_resort=True):
        assert not admits(circuits, as_last_resort=True)


def opened(clock, *faults, retry_after=None, **limits):
    """A circuit that has heard of these faults, one after the other, on trial where need be."""
    circuits = CircuitBreakers(clock, **limits)
    for fault in faults:
        if circuits.state(DEPLOYMENT) is not State.CLOSED:
            clock.now += 1000.0
        fail(circuits, fault, retry_after)
    return circuits


def wait(circuits):
    """Seconds until the next request may try; none where requests pass."""
    refusal = circuits.refusal(DEPLOYMENT)
    return refusal and refusal.retry_after_seconds


@pytest.mark.parametrize(
    ("fault", "count"),
    [
        (FailureKind.UNREACHABLE, 5),
        (FailureKind.FAILED, 5),
        (FailureKind.GARBAGE, 5),
        (FailureKind.CUT_OFF, 5),
        (FailureKind.TIMEOUT, 3),
        (FailureKind.BUSY, 1),
    ],
)
def test_if_nothing_is_said_five_in_a_row_open_it_for_one_second_and_timeouts_count_twice(
    clock, fault, count
):
    circuits = CircuitBreakers(clock)
    for _ in range(count):
        assert circuits.state(DEPLOYMENT) is State.CLOSED
        fail(circuits, fault)
    assert wait(circuits) == 1.0


@pytest.mark.parametrize(
    ("faults", "limits", "seconds"),
    [
        (["failed"], {}, 1.0),
        (["failed"], {"open_seconds": 0.5}, 0.5),
        (["failed"] * 3, {"open_seconds": 0.5}, 2.0),
        (["failed"] * 6, {}, 30.0),
        (["failed"], {"open_seconds": 60.0}, 60.0),
        (["failed"] * 2, {"open_seconds": 60.0}, 60.0),
        (["failed"], {"retry_after": 7.0}, 7.0),
        (["failed"], {"retry_after": 0.1}, 1.0),
        (["failed"], {"retry_after": 700.0}, 30.0),
        (["failed"] * 3 + ["busy"], {}, 1.0),
        (["failed"] * 3 + ["loading", "failed"], {}, 2.0),
        (["failed"] * 2000, {}, 30.0),
    ],
)
def test_how_long_it_is_left_alone(clock, faults, limits, seconds):
    circuits = opened(clock, *map(FailureKind, faults), failures=1, **limits)
    assert wait(circuits) == seconds
    clock.now += seconds - 0.25
    assert wait(circuits) == 0.25
    assert circuits.state(DEPLOYMENT) is State.OPEN
    assert not admits(circuits)
    clock.now += 0.25
    assert circuits.state(DEPLOYMENT) is State.HALF_OPEN
    assert admits(circuits)
    clock.now += 5.0
    assert wait(circuits) == 0.0


@pytest.mark.parametrize(("message", "said"), [("refused", "refused"), ("", "failed")])
def test_the_refusal_says_what_it_is_left_alone_for(clock, message, said):
    circuits = CircuitBreakers(clock, failures=1)
    circuits.failed(DEPLOYMENT, UpstreamError(message, fault=FailureKind.FAILED))
    clock.now = 0.25
    with pytest.raises(UpstreamError) as caught:
        circuits.check(DEPLOYMENT)
    for error in (caught.value, circuits.refusal(DEPLOYMENT)):
        assert error is not None
        assert error.message == f"circuit open after: {said}"
        assert (error.fault, error.retry_after_seconds) == (FailureKind.COOLDOWN, 0.75)
    circuits.check(DEPLOYMENT, as_last_resort=True)


def test_an_answer_that_broke_off_counts_as_one_failure_and_is_no_trial(clock):
    circuits = CircuitBreakers(clock, failures=2)
    cut_off = UpstreamError("cut off", fault=FailureKind.CUT_OFF)
    circuits.failed(DEPLOYMENT, cut_off)
    assert circuits.state(DEPLOYMENT) is State.CLOSED
    circuits.failed(DEPLOYMENT, cut_off)
    assert wait(circuits) == 1.0
    clock.now = 0.5
    circuits.failed(DEPLOYMENT, cut_off)
    assert wait(circuits) == 0.5


def begin(circuits):
    with circuits.attempt(DEPLOYMENT):
        pass


def test_answers_that_all_break_off_open_it_though_each_had_begun(clock):
    circuits = CircuitBreakers(clock, failures=3)
    cut_off = UpstreamError("cut off", fault=FailureKind.CUT_OFF)
    for _ in range(3):
        assert circuits.state(DEPLOYMENT) is State.CLOSED
        begin(circuits)
        circuits.failed(DEPLOYMENT, cut_off)
    assert circuits.state(DEPLOYMENT) is State.OPEN
    for wait in (1.0, 2.0, 4.0):  # a trial that only begins well is none
        clock.now += wait
        begin(circuits)
        assert circuits.state(DEPLOYMENT) is State.CLOSED
        circuits.failed(DEPLOYMENT, cut_off)
        assert circuits.state(DEPLOYMENT) is State.OPEN
    clock.now += 8.0
    begin(circuits)
    circuits.succeeded(DEPLOYMENT)  # one came to its end
    for _ in range(2):
        begin(circuits)
        circuits.failed(DEPLOYMENT, cut_off)
    assert circuits.state(DEPLOYMENT) is State.CLOSED


@pytest.mark.parametrize("fault", [FailureKind.UNREACHABLE, FailureKind.CUT_OFF])
def test_a_probe_does_not_make_good_for_answers_that_broke_off(clock, fault):
    circuits = CircuitBreakers(clock, failures=2)
    for _ in range(2):
        begin(circuits)
        circuits.reachable(DEPLOYMENT, is_news=False)
        circuits.failed(DEPLOYMENT, UpstreamError("gone", fault=fault))
    assert circuits.state(DEPLOYMENT) is State.OPEN


def test_circuits_of_other_deployments_do_not_notice(clock):
    circuits = CircuitBreakers(clock, failures=1)
    others = [Deployment("local", "other"), Deployment("elsewhere", "m")]
    circuits.succeeded(DEPLOYMENT)
    circuits.reachable(DEPLOYMENT, is_news=True)
    assert not circuits.is_any_open("local")
    fail(circuits)
    for other in others:
        circuits.check(other)
        assert circuits.state(other) is State.CLOSED
        assert circuits.refusal(other) is None
        with circuits.attempt(other):
            pass
        circuits.reachable(other, is_news=True)
    assert circuits.state(DEPLOYMENT) is State.OPEN
    assert (circuits.is_any_open("local"), circuits.is_any_open("elsewhere")) == (True, False)


def test_an_upstream_with_failures_below_the_limit_is_not_left_alone(clock):
    circuits = CircuitBreakers(clock, failures=2)
    fail(circuits)
    assert not circuits.is_any_open("local")
    fail(circuits)
    assert circuits.is_any_open("local")
    circuits.succeeded(DEPLOYMENT)
    assert not circuits.is_any_open("local")


def test_what_another_one_knows_is_taken_over_and_shared(clock):
    old, new = CircuitBreakers(clock, failures=1), CircuitBreakers(clock, failures=1)
    fail(old)
    new.carry_over(old, ())
    assert new.state(DEPLOYMENT) is State.OPEN
    new.succeeded(DEPLOYMENT)
    assert old.state(DEPLOYMENT) is State.CLOSED


# --- circuits that processes share


def test_it_is_told_when_a_circuit_opens_or_closes_and_not_otherwise(clock):
    circuits, told = CircuitBreakers(clock, failures=2), []
    circuits.changed = told.append
    news = [DEPLOYMENT]
    for what, expected in (
        (fail, []),
        (begin, []),  # it was not open
        (fail, []),
        (fail, news),
        (begin, news),
    ):
        clock.now += 5.0
        what(circuits)
        assert told == expected
        told.clear()
    circuits.succeeded(DEPLOYMENT)
    assert told == []


def test_it_is_told_so_of_answers_that_break_off_too(clock):
    circuits, told = CircuitBreakers(clock, failures=2), []
    circuits.changed = told.append

    def break_off(circuits):
        circuits.failed(DEPLOYMENT, UpstreamError("cut off", fault=FailureKind.CUT_OFF))

    news = [DEPLOYMENT]
    steps = (break_off, []), (begin, []), (break_off, news), (begin, news), (begin, [])
    for what, expected in steps:
        clock.now += 5.0
        what(circuits)
        assert told == expected
        told.clear()


def test_open_circuits_as_others_have_to_know_them(clock):
    circuits = CircuitBreakers(clock, failures=2)
    clock.now = 100.0
    fail(circuits)
    assert circuits.open_ones() == {}
    fail(circuits)
    clock.now = 100.25
    unreachable = FailureKind.UNREACHABLE
    assert circuits.open_ones() == {DEPLOYMENT: Opened(0.75, 1, unreachable, "refused")}
    clock.now = 101.5
    fail(circuits)
    assert circuits.open_ones() == {DEPLOYMENT: Opened(2.0, 2, unreachable, "refused")}


def test_what_is_open_elsewhere_is_open_here_for_as_long_and_as_often(clock):
    circuits = CircuitBreakers(clock, failures=5)
    clock.now = 100.0
    circuits.opened_elsewhere(DEPLOYMENT, Opened(2.0, 2, FailureKind.FAILED, "it broke"))
    refusal = circuits.refusal(DEPLOYMENT)
    assert refusal is not None
    assert (refusal.message, refusal.retry_after_seconds) == ("circuit open after: it broke", 2.0)
    circuits.reachable(DEPLOYMENT, is_news=False)
    assert circuits.state(DEPLOYMENT) is State.OPEN
    clock.now = 102.0
    fail(circuits)
    assert wait(circuits) == 4.0


def test_a_trial_goes_on_whatever_is_found_elsewhere(clock):
    circuits = CircuitBreakers(clock, failures=1)
    circuits.closed_elsewhere(DEPLOYMENT)  # as it is here
    fail(circuits)
    clock.now = 1.0
    assert not circuits.is_probing(DEPLOYMENT)
    with circuits.attempt(DEPLOYMENT):
        assert circuits.is_probing(DEPLOYMENT)
        circuits.opened_elsewhere(DEPLOYMENT, Opened(9.0, 3, FailureKind.FAILED, "m"))
        circuits.closed_elsewhere(DEPLOYMENT)
        assert circuits.is_probing(DEPLOYMENT)
        assert wait(circuits) == 0.0
    assert not circuits.is_probing(DEPLOYMENT)
    fail(circuits)
    circuits.closed_elsewhere(DEPLOYMENT)
    assert circuits.state(DEPLOYMENT) is State.CLOSED
    assert circuits.failing_at("local") == []


def test_what_another_one_tries_waits(clock):
    circuits = opened(clock, FailureKind.FAILED, failures=1)
    clock.now = 5.0
    error = circuits.postpone(DEPLOYMENT, 2.0)
    assert (error.fault, error.retry_after_seconds) == (FailureKind.COOLDOWN, 2.0)
    assert error.message == "circuit open after: refused"
    clock.now = 6.75
    assert wait(circuits) == 0.25


ENDS = {
    "answer": None,
    "fail": UpstreamError("refused", fault=FailureKind.UNREACHABLE),
    "reject": UpstreamError("refused", fault=FailureKind.REJECTED),
    "go": asyncio.CancelledError(),
    "break": RuntimeError("a defect"),
}


@given(st.lists(st.sampled_from(["ask", "tick", *ENDS]), max_size=80), st.randoms())
def test_an_open_circuit_never_lets_two_requests_try_and_never_locks_anybody_out(steps, random):
    clock = Clock()
    circuits = CircuitBreakers(clock, failures=2)
    under_way: list[tuple[Attempt, bool]] = []
    for step in steps:
        if step == "tick":
            clock.now += 1.0
        elif step == "ask":
            attempt = circuits.attempt(DEPLOYMENT)
            is_trial = circuits.state(DEPLOYMENT) is State.HALF_OPEN
            with suppress(UpstreamError):
                attempt.__enter__()
                under_way.append((attempt, is_trial))
        elif under_way:
            attempt, _ = under_way.pop(random.randrange(len(under_way)))
            attempt.__exit__(None, ENDS[step], None)
        if circuits.state(DEPLOYMENT) is not State.CLOSED:
            trials = [attempt for attempt, is_trial in under_way if is_trial]
            trial = circuits._circuits[DEPLOYMENT].trial
            assert trial is None or trial in trials
    for attempt, _ in under_way:
        attempt.__exit__(None, asyncio.CancelledError(), None)
    clock.now += 100.0
    assert admits(circuits)
