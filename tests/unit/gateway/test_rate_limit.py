"""The token bucket: how much it lets through, whatever the times of the requests."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.gateway.rate_limit import RateLimit

RATES = st.floats(0.25, 10_000)
GAPS = st.lists(st.floats(0, 120), max_size=60)


def test_a_full_bucket_may_be_emptied_at_once():
    limit = RateLimit(60)
    assert [limit.take(5.0) for _ in range(60)] == [0.0] * 60
    assert limit.take(5.0) == pytest.approx(1.0)


def test_it_is_refilled_continuously():
    limit = RateLimit(60)
    for _ in range(60):
        limit.take(0.0)
    assert limit.take(0.9) > 0
    assert limit.take(1.1) == 0
    assert limit.take(1.2) > 0
    assert [limit.take(3.1), limit.take(3.1)] == [0, 0]


def test_what_is_refused_is_not_counted():
    limit = RateLimit(1)
    assert limit.take(0.0) == 0
    waits = [limit.take(float(second)) for second in range(1, 60)]
    assert waits == pytest.approx([60.0 - second for second in range(1, 60)])
    assert limit.take(60.0) == 0


def test_a_share_of_less_than_one_still_lets_one_through():
    limit = RateLimit(1 / 4)
    assert limit.take(0.0) == 0
    assert limit.take(0.0) == pytest.approx(240)


@given(RATES, GAPS)
def test_no_window_lets_more_through_than_bucket_and_refill(per_minute, gaps):
    limit, now, taken = RateLimit(per_minute), 1000.0, []
    for gap in gaps:
        now += gap
        if limit.take(now) == 0:
            taken.append(now)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            refilled = (taken[last] - start) / 60 * per_minute
            assert last - first + 1 <= max(1, per_minute) + refilled + 1e-3


@given(st.floats(0.25, 100), GAPS, st.booleans())
def test_whoever_waits_as_told_is_let_through(per_minute, gaps, in_whole_seconds):
    limit, now = RateLimit(per_minute), 1000.0
    for gap in gaps:
        now += gap
        limit.take(now)
    while (wait := limit.take(now)) == 0:
        pass
    assert wait <= 60 / per_minute + 1e-6
    assert limit.take(now + (math.ceil(wait) if in_whole_seconds else wait)) == 0


@given(RATES, st.floats(0, 1e6))
def test_the_first_request_is_always_let_through(per_minute, now):
    assert RateLimit(per_minute).take(now) == 0


@given(RATES, st.floats(0, 60), st.integers(1, 5))
def test_a_share_of_a_bucket_that_is_full_in_a_while_is_full_then_too(rate, full_in, sharers):
    limit = RateLimit(rate)
    limit.follow(100.0, full_in, sharers)
    assert limit.full_in(100.0) == pytest.approx(full_in)
    assert limit.full_in(100.0 + full_in) == pytest.approx(0, abs=1e-9)
    limit.share_among(1)
    assert limit.full_in(100.0) == pytest.approx(full_in)


def test_shares_add_up_to_the_whole():
    limit = RateLimit(90)
    limit.share_among(3)
    assert [limit.take(0.0) for _ in range(30)] == [0.0] * 30
    assert limit.take(0.0) == pytest.approx(2.0)
