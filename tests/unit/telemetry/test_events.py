"""A hit is told from what some deployment has answered."""

import pytest
from tests.fakes.finished import finished

from gearshift.types import CacheResult, CacheUse


@pytest.mark.parametrize("result", [None, *CacheResult])
def test_only_a_hit_is_one(result):
    cache = None if result is None else CacheUse("memory", result)
    assert finished(cache=cache).is_hit is (result is CacheResult.HIT)
