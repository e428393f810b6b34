"""How often the same deployment is asked again, and after how long, in exact numbers."""

import pytest

from gearshift.errors import FailureKind
from gearshift.pipeline.retries import RetryBudget, RetryPolicy

TRANSIENT = (FailureKind.UNREACHABLE, FailureKind.FAILED, FailureKind.CUT_OFF, FailureKind.GARBAGE)
PASSING = (FailureKind.BUSY, FailureKind.LOADING)


def spent(budget):
    """How many repetitions it allows now."""
    count = 0
    while budget.spend():
        count += 1
    return count


def test_a_budget_begins_with_ten_and_nothing_is_earned_above_that():
    budget = RetryBudget(0.5)
    for _ in range(1000):
        budget.earn()
    assert spent(budget) == 10
    assert spent(budget) == 0


@pytest.mark.parametrize(
    ("share", "requests", "allowed"),
    [
        (0.25, 3, 0),
        (0.25, 4, 1),
        (0.25, 8, 2),
        (0.25, 11, 2),
        (0.5, 19, 9),
        (0.5, 1000, 10),
        (1, 1, 1),
    ],
)
def test_afterwards_requests_earn_their_share(share, requests, allowed):
    budget = RetryBudget(share)
    spent(budget)
    for _ in range(requests):
        budget.earn()
    assert spent(budget) == allowed


def test_a_share_fills_the_budget_up_and_never_over():
    budget = RetryBudget(0.75)
    budget.spend()
    for _ in range(2):  # 9.75, then 10
        budget.earn()
    assert spent(budget) == 10
    budget.earn()
    assert spent(budget) == 0  # nothing was left over


def test_without_a_share_nothing_is_repeated():
    assert spent(RetryBudget(0.0)) == 0


def policy(attempts=3, backoff=0.5, random=0.5):
    return RetryPolicy(attempts, backoff, lambda: random)


def waits(fault, attempt=1, *, has_sibling=False, is_last=False, **how):
    return policy(**how).wait(attempt, fault, has_sibling=has_sibling, is_last=is_last)


@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize("fault", FailureKind)
def test_what_is_worth_another_try(fault, is_last):
    expected = fault in TRANSIENT or (is_last and fault in PASSING)
    assert (waits(fault, is_last=is_last) is not None) == expected
    assert waits(fault, is_last=is_last, has_sibling=True) is None


@pytest.mark.parametrize(
    ("random", "expected"),
    [(0.5, [0.5, 1.0, 2.0]), (0.0, [0.25, 0.5, 1.0]), (1.0, [0.75, 1.5, 3.0])],
)
def test_the_wait_doubles_from_its_mean_and_is_scattered_by_half(random, expected):
    found = [waits(FailureKind.FAILED, attempt, random=random) for attempt in (1, 2, 3, 4)]
    assert found == [*expected, None]
    assert waits(FailureKind.FAILED, 1, attempts=0) is None


def test_what_is_left_is_left_under_another_share_too():
    old, new = RetryBudget(0.5), RetryBudget(0.25)
    for _ in range(7):
        old.spend()
    new.carry_over(old, ())
    assert spent(new) == 3
    assert spent(old) == 3  # it works on, and its successor may be given up
