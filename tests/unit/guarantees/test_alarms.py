"""Alarms that are looked for all the time are hardly ever wrong, and find what is wrong."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.guarantees.alarms import FALSE_A_MONTH, Day, Limits, alarms
from gearshift.guarantees.looks import Count, evidence, shown_at_least

LIMITS = Limits(0.1, 0.25, 0.3, 0.1, (0.2, 0.9))
COUNTS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(1, 50)).map(
        lambda one: Count(one[0], one[0] + one[1], one[2])
    ),
    max_size=4,
)


def names_at_any_hour(random, share, days, hourly):
    """The alarms of so many days of hourly looks at the day before, at these true shares."""
    hits = {name: random.binomial(hourly, share[name], days * 24) for name in share}
    found = set()
    for hour in range(24, days * 24):
        n = 24 * hourly
        loss, other, low = (int(hits[name][hour - 24 : hour].sum()) for name in hits)
        day = Day(n, other, n, low, n, loss)
        found |= {alarm.name for alarm in alarms(day, LIMITS)}
    return found


def test_months_at_the_limit_hardly_ever_raise_an_alarm():
    random = np.random.default_rng(7)
    share = {"quality": 0.1, "fallbacks": 0.1, "share": 0.2}
    months = [names_at_any_hour(random, share, 30, 10) for _ in range(8)]
    for name in share:
        assert sum(name in month for month in months) <= 8 * FALSE_A_MONTH + 2
    # With a bound that holds for one look nearly every month would have all three.
    assert sum(len(month) for month in months) <= 3


def test_what_is_twice_its_limit_is_found_within_days():
    random = np.random.default_rng(8)
    found = names_at_any_hour(random, {"quality": 0.2, "fallbacks": 0.2, "share": 0.1}, 4, 20)
    assert found == {"quality", "fallbacks", "share"}


def test_the_same_traffic_hardly_ever_drifts():
    random = np.random.default_rng(9)
    wrong = 0
    for _ in range(300):
        hist = [dict(enumerate(random.multinomial(n, np.full(20, 0.05)))) for n in (250, 250)]
        wrong += bool(alarms(Day(scores=hist[0], earlier_scores=hist[1]), LIMITS))
    assert wrong == 0


@pytest.mark.parametrize("limit", [0.05, 0.3, 0.9])
def test_wealth_is_a_martingale_at_the_limit_and_falls_below_it(limit):
    for true, wanted in ((limit, 1.0), (limit / 2, None)):
        mean = true * evidence([Count(1, 1)], limit) + (1 - true) * evidence([Count(0, 1)], limit)
        if wanted is None:
            assert mean < 1.0
        else:
            assert mean == pytest.approx(wanted)


@given(COUNTS, st.floats(0.01, 0.99))
def test_what_is_shown_is_above_the_limit_and_below_what_was_seen(counts, limit):
    low = shown_at_least(counts, limit, 0.01)
    if low is not None:
        total = sum(one.weight * one.total for one in counts)
        assert limit <= low <= sum(one.weight * one.hits for one in counts) / total


def test_nothing_is_allowed_where_the_limit_is_nothing():
    assert evidence([Count(1, 100)], 0.0) == inf
    assert evidence([Count(0, 100)], 0.0) == evidence([], 0.0) == 1.0


def test_losses_weigh_by_how_rarely_they_were_judged():
    """Many judged while all went well, few since it does not: the few stand for as many."""
    even = Day(judged=2_200, losses=120)
    drawn = [Count(0, 2_000, 1.0), Count(120, 200, 20.0)]
    assert not alarms(even, LIMITS)
    (alarm,) = alarms(Day(judged=2_200, losses=120, drawn=drawn), LIMITS)
    assert alarm.value == pytest.approx(0.4)


def test_it_takes_all_of_the_evidence_that_the_level_asks_for():
    found = next(n for n in range(1, 200) if evidence([Count(n, n)], 0.5) >= 100.0)
    assert shown_at_least([Count(found, found)], 0.5, 0.01) is not None
    assert shown_at_least([Count(found - 1, found - 1)], 0.5, 0.01) is None
