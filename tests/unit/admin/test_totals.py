"""The design's seven numbers, since they were last reset."""

import pytest
from tests.fakes.finished import finished

from gearshift.admin import totals

NOTHING = {
    "simple_tier_requests": 0,
    "complex_tier_requests": 0,
    "total_requests": 0,
    "simple_tier_percentage": 0.0,
    "avg_simple_score": 0.0,
    "avg_complex_score": 0.0,
    "fallback_count": 0,
}


async def test_nothing_was_asked_yet(desks):
    assert await totals.facts(desks(), {}) == NOTHING


async def test_seven_numbers(desks):
    fell = finished("complex", fallback="simple->complex")
    found = await totals.facts(desks([finished(), finished(), finished("complex"), fell]), {})
    assert found == {
        "simple_tier_requests": 2,
        "complex_tier_requests": 2,
        "total_requests": 4,
        "simple_tier_percentage": 50.0,
        "avg_simple_score": pytest.approx(2.5),
        "avg_complex_score": pytest.approx(5.0),
        "fallback_count": 1,
    }


async def test_tiers_between_count_in_all(desks):
    found = await totals.facts(desks([finished(), finished("middle")]), {})
    assert (found["total_requests"], found["simple_tier_percentage"]) == (2, 50.0)


async def test_a_reset_begins_with_nothing(desks):
    context = desks([finished(), finished("complex")])
    assert await totals.reset(context, {}) == NOTHING
    assert await totals.facts(context, {}) == NOTHING
