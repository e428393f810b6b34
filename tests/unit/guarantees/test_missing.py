import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.guarantees.missing import Unit, completed

UNITS = st.lists(
    st.builds(Unit, st.booleans(), st.sampled_from([None, 0.0, 0.5, 1.0])), max_size=60
)


@given(UNITS, st.integers(0, 60))
def test_what_comes_later_changes_nothing_that_was_seen(units, count):
    early, late = completed(units[:count]), completed(units)
    assert late[: len(early)] == early


@given(UNITS)
def test_where_all_are_judged_these_are_the_outcomes(units):
    judged = [unit for unit in units if unit.bad is not None]
    assert completed(judged) == [unit.bad if unit.is_at_risk else 0.0 for unit in judged]


@pytest.mark.parametrize("skipped", [0.0, 0.5, 0.9])
def test_those_who_were_not_judged_do_not_dilute_the_losses(skipped):
    random = np.random.default_rng(3)
    small = random.random(40_000) < 0.35
    lost = random.random(40_000) < 0.2
    is_judged = random.random(40_000) >= skipped
    units = [
        Unit(bool(s), float(bad) if judged else None)
        for s, bad, judged in zip(small, lost, is_judged, strict=True)
    ]
    found = completed(units)
    assert len(found) == pytest.approx(40_000 * (1 - skipped), rel=0.1)
    spread = 5 * np.sqrt(0.07 / len(found))
    assert np.mean(found) == pytest.approx(0.07, abs=spread)
