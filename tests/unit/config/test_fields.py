"""The kinds of values: what each of them takes, to its bounds, and what it does not."""

import math

import pytest
from pydantic import TypeAdapter, ValidationError

from gearshift.config.fields import Count, NonNegativeInt, Risk, Seconds, Share


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        (Seconds, [1e-9, 1, 1e9]),
        (Share, [0, 0.5, 1]),
        (Risk, [1e-9, 0.999]),
        (Count, [1, 10**9]),
        (NonNegativeInt, [0, 1]),
    ],
)
def test_what_is_within_the_bounds_is_taken(kind, taken):
    for value in taken:
        assert TypeAdapter(kind).validate_python(value) == value
        assert TypeAdapter(kind).validate_python(str(value)) == value


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        (Seconds, [0, -1, math.inf]),
        (Share, [-1e-9, 1.000001]),
        (Risk, [0, 1]),
        (Count, [0, -1, 1.5]),
        (NonNegativeInt, [-1, 0.5]),
    ],
)
def test_what_is_not_is_refused(kind, refused):
    for value in (*refused, math.nan, True, False, None, "x"):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(value)
