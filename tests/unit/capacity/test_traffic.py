"""What the log says of arrivals."""

from typing import Any

import numpy as np
import pytest

from gearshift.capacity.traffic import Traffic, arrivals

HOUR = 3_600.0
DAY = 24 * HOUR


def poisson(rate, start, end, seed=1):
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(start, end, rng.poisson(rate * (end - start))))


def test_the_busiest_hour_is_found_wherever_it_begins():
    quiet, busy = poisson(0.1, 0, DAY), poisson(2.0, 10.4 * HOUR, 11.4 * HOUR)
    found = arrivals(np.sort(np.concatenate((quiet, busy))))
    assert found.peak == pytest.approx(2.1, rel=0.05)
    assert found.peak_start == pytest.approx(10.4 * HOUR, abs=120)
    assert found.mean == pytest.approx((0.1 * 24 + 2.0) / 24, rel=0.05)


def test_less_than_an_hour_is_its_own_peak():
    found = arrivals(np.arange(0.0, 600.0, 2.0))
    assert found.peak == pytest.approx(found.mean) == pytest.approx(0.5, rel=0.01)


def test_a_few_at_the_end_are_no_busy_hour():
    """The last hour is counted as a whole, not by the second in which two requests came."""
    found = arrivals(np.array([*np.arange(0.0, 2 * HOUR, 60.0), 2 * HOUR, 2 * HOUR + 0.001]))
    assert found.peak == pytest.approx(1 / 60, rel=0.1)


def test_arrivals_by_chance_are_poisson_and_groups_are_bursts():
    by_chance = poisson(2.0, 0, HOUR)
    assert arrivals(by_chance).dispersion == pytest.approx(1.0, abs=0.35)
    groups = np.sort((poisson(0.5, 0, HOUR)[:, None] + np.arange(4) * 0.1).ravel())
    assert arrivals(groups).dispersion == pytest.approx(4.0, rel=0.35)


def test_a_short_log_says_nothing_of_bursts():
    assert arrivals(np.array([0.0, 0.1, 0.2, 300.0])).dispersion == 1.0


def test_hours_of_the_day_are_rates_of_the_time_that_was_seen():
    start = 5 * DAY + 22.5 * HOUR
    times = np.concatenate((start + np.arange(0, 0.5 * HOUR, 10.0), [start + 1.5 * HOUR - 1]))
    found = arrivals(times).by_hour_of_day
    assert len(found) == 24
    assert found[22] == pytest.approx(0.1, rel=0.02)
    assert 0 < found[23] < 0.001
    assert found[0] == pytest.approx(0, abs=0.001)


def test_some_of_the_traffic():
    columns: dict[str, Any] = {name: np.arange(4.0) for name in Traffic.__dataclass_fields__}
    some = Traffic(**columns).where(np.array([True, False, False, True]))
    assert list(some.time) == list(some.first) == [0.0, 3.0]
