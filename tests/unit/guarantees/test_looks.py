"""Bets on shares: their wealth and what they show, against the formulas written out."""

from math import isfinite

import pytest
from scipy.optimize import brentq

from gearshift.guarantees.looks import Count, evidence, shown_at_least

STAKES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


def wealth(counts, limit):
    """The mean over all stakes of the product of what each single bet pays."""
    heaviest = max(weight for _, _, weight in counts)
    total = 0.0
    for stake in STAKES:
        paid = 1.0
        for hits, misses, weight in counts:
            bet = stake * weight / heaviest
            paid *= (1 + bet * (1 / limit - 1)) ** hits * (1 - bet) ** misses
        total += paid
    return total / len(STAKES)


@pytest.mark.parametrize(
    ("counts", "limit"),
    [
        ([(3, 0, 1.0)], 0.5),
        ([(3, 5, 1.0)], 0.1),
        ([(3, 5, 1.0), (2, 1, 4.0)], 0.3),
        ([(0, 8, 7.0), (2, 0, 2.0)], 0.9),
    ],
)
def test_the_wealth_is_that_of_single_bets(counts, limit):
    found = evidence([Count(hits, hits + misses, weight) for hits, misses, weight in counts], limit)
    assert found == pytest.approx(wealth(counts, limit))


def test_no_observations_no_evidence():
    assert evidence([], 0.5) == pytest.approx(1.0)


def test_any_number_of_observations_has_a_finite_wealth():
    found = evidence([Count(10**7, 10**7)], 0.01)
    assert isfinite(found)
    assert found > 1e300


@pytest.mark.parametrize("counts", [[(60, 40, 1.0)], [(30, 10, 1.0), (30, 5, 3.0)]])
def test_what_is_shown_is_where_the_evidence_ends(counts):
    level = 0.001
    given = [Count(hits, hits + misses, weight) for hits, misses, weight in counts]
    end = brentq(lambda limit: wealth(counts, limit) - 1 / level, 0.1, 0.99, xtol=1e-12)
    assert 0.3 < end < 0.7
    assert shown_at_least(given, 0.1, level) == pytest.approx(end, abs=2e-9)
    assert shown_at_least(given, end + 1e-6, level) is None


def test_evidence_of_the_very_level_is_enough():
    given = [Count(2, 2)]
    found = evidence(given, 0.5)
    assert 1.0 / (1.0 / found) == found
    assert shown_at_least(given, 0.5, 1.0 / found) == pytest.approx(0.5, abs=1e-8)
    assert shown_at_least(given, 0.5, 1.0 / (found + 1e-9)) is None


def test_where_any_evidence_will_do_everything_is_shown():
    assert shown_at_least([Count(1, 1)], 0.5, 1.0) == pytest.approx(1.0, abs=1e-8)
