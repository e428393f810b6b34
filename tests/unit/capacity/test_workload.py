"""What arrives: rates, bursts, sizes."""

import numpy as np
import pytest

from gearshift.capacity.workload import Speed, Workload, stated

RNG = np.random.default_rng


def counts(gaps, span):
    times = np.cumsum(gaps)
    return np.bincount((times / span).astype(int))[:-1]


@pytest.mark.parametrize("dispersion", [0.5, 1.0, 3.0])
def test_gaps_have_the_stated_rate_and_dispersion(dispersion):
    load = Workload(5.0, np.ones(1), np.ones(1), dispersion)
    gaps = load.gaps(200_000, RNG(1))
    assert 1 / gaps.mean() == pytest.approx(5.0, rel=0.02)
    seen = counts(gaps, 20.0)
    assert seen.var() / seen.mean() == pytest.approx(dispersion, rel=0.1)


def test_stated_sizes_have_the_stated_means_exactly():
    load = stated(3.0, Speed(1000, 50, 0.1), prompt=400, completion=200, variation=2.0)
    assert load.first.mean() == pytest.approx(0.4)
    assert load.rest.mean() == pytest.approx(4.0)
    assert load.mean == pytest.approx(4.4)
    assert load.reading == pytest.approx(1.2)
    assert load.writing == pytest.approx(12.0)
    assert load.overhead == 0.1
    assert load.rest.std() / load.rest.mean() == pytest.approx(2.0, rel=0.1)


def test_without_variation_all_are_alike():
    load = stated(1.0, Speed(1000, 50), prompt=400, completion=200, variation=0.0)
    np.testing.assert_allclose(load.rest, 4.0)


def test_work_is_drawn_with_both_of_its_parts():
    load = Workload(1.0, np.array([1.0, 2.0]), np.array([10.0, 20.0]))
    first, rest = load.draws(1_000, RNG(1))
    np.testing.assert_array_equal(rest, 10 * first)
    assert set(first) == {1.0, 2.0}


def test_another_rate_is_the_same_work():
    load = Workload(1.0, np.ones(3), np.ones(3), 2.0)
    faster = load.at_rate(4.0)
    assert (faster.rate, faster.dispersion, faster.mean) == (4.0, 2.0, load.mean)
    assert (faster.reading, faster.writing) == (4 * load.reading, 4 * load.writing)
