"""Wilson's intervals are those of scipy, at any share."""

import pytest
from scipy.stats import binomtest

from gearshift.guarantees.wilson import lowest_share, share_interval

COUNTS = [(0, 5), (1, 5), (3, 40), (20, 40), (39, 40), (40, 40)]


@pytest.mark.parametrize(("hits", "count"), COUNTS)
def test_both_ends_are_scipys(hits, count):
    low, high = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert share_interval(hits / count, count) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize(("hits", "count"), COUNTS)
def test_the_lowest_share_is_the_one_sided_bound(hits, count):
    one_sided = binomtest(hits, count, alternative="greater").proportion_ci(0.95, method="wilson")
    assert lowest_share(hits, count) == pytest.approx(one_sided.low, abs=1e-12)


@pytest.mark.parametrize(("share", "end"), [(1.0 + 1e-9, 1), (-1e-9, 0)])
def test_a_share_that_rounding_has_moved_out_of_bounds_does_no_harm(share, end):
    found = share_interval(share, 1e12)
    assert found[end] == float(end)
    assert found == pytest.approx((end, end), abs=1e-6)
