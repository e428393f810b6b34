import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from simulations.replays import _covered

from gearshift.guarantees.replay import DIRECT, NO_SUPPORT, Both, quality_at


def both(scores, weak, strong, weights=None):
    return Both(
        np.array(scores, dtype=float),
        np.array(weak, dtype=float),
        np.array(strong, dtype=float),
        np.ones(len(scores)) if weights is None else np.array(weights),
    )


def test_each_request_counts_with_the_answer_it_would_have_had():
    data = both([1, 5] * 50, [0.0, 0.5] * 50, [1.0, 1.0] * 50)
    assert quality_at(data, 0.0).estimate == 1.0
    assert quality_at(data, 3.0).estimate == 0.5
    assert quality_at(data, 9.0).estimate == 0.25
    assert quality_at(data, 5.0).estimate == 0.5  # who scores as high as it is not below it
    assert quality_at(data, 5.0).method == DIRECT


def test_weights_undo_uneven_judging():
    data = both([1] * 30 + [5] * 90, [0] * 120, [1] * 120, [3.0] * 30 + [1.0] * 90)
    assert quality_at(data, 3.0).estimate == pytest.approx(0.5)


def test_the_interval_is_wilsons_at_the_effective_number():
    """20 that stand for three each and 60 for themselves are worth 120 * 120 / 240 = 60."""
    data = both([1] * 20 + [5] * 60, [0] * 80, [1] * 80, [3.0] * 20 + [1.0] * 60)
    found = quality_at(data, 3.0)
    assert found.ci == pytest.approx(binomtest(30, 60).proportion_ci(0.95, method="wilson"))
    assert found.n == 80
    least = quality_at(both([1] * 20, [1] * 20, [0] * 20), 3.0)
    assert (least.estimate, least.n) == (1.0, 20)
    assert least.ci == pytest.approx(binomtest(20, 20).proportion_ci(0.95, method="wilson"))


def test_without_judged_requests_there_is_no_support():
    found = quality_at(both([1] * 19, [1] * 19, [1] * 19), 3.0)
    assert (found.estimate, found.ci, found.method, found.n) == (None, None, NO_SUPPORT, 19)
    assert quality_at(both([], [], []), 3.0).method == NO_SUPPORT


@given(
    st.lists(
        st.tuples(st.floats(0, 10), st.floats(0, 1), st.floats(0, 1), st.floats(1, 50)),
        min_size=20,
        max_size=80,
    ),
    st.floats(0, 10),
)
def test_the_interval_holds_the_estimate_and_stays_within_bounds(rows, threshold):
    found = quality_at(both(*zip(*rows, strict=True)), threshold)
    assert found.estimate is not None
    assert found.ci is not None
    assert 0 <= found.ci[0] <= found.estimate + 1e-9
    assert found.estimate - 1e-9 <= found.ci[1] <= 1


@pytest.mark.parametrize("is_uneven", [False, True])
def test_its_intervals_cover_the_truth_in_a_simulated_world(is_uneven):
    assert _covered((0, 200, 5.0, is_uneven), 300).is_kept
