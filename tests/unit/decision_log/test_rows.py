"""A finished request as the log keeps it."""

import pytest

from gearshift.decision_log.rows import bucket_of, seconds_of


@pytest.mark.parametrize("seconds", [0.0001, 0.01, 0.5, 1.0, 3.3, 120.0, 600.0])
def test_a_time_comes_back_at_most_6_percent_off(seconds):
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.065)
