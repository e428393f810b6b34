"""A pytest plugin for the runs with mutants: the quickest tests first, the same examples for all.

One failing test is enough, and which input it failed for does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import hypothesis
import pytest


def pytest_configure() -> None:
    """Let property tests stop at the first failure, and draw the same examples for each mutant."""
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    settings = hypothesis.settings(deadline=None, derandomize=True, database=None, phases=phases)
    hypothesis.settings.register_profile("mutants", settings)
    hypothesis.settings.load_profile("mutants")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that were quick without a mutant first."""
    from mutmut.state import state

    places = order([item.nodeid for item in items], state().duration_by_test)
    items[:] = [items[place] for place in places]


def order(tests: Sequence[str], seconds: Mapping[str, float]) -> list[int]:
    """The places of the tests, quickest first.

    Tests of one file stay together where they take about as long, so that they share fixtures.

    Args:
        tests: Their node ids.
        seconds: What each took; unknown ones count as quick.
    """
    return sorted(range(len(tests)), key=lambda n: (_magnitude(seconds.get(tests[n], 0)), tests[n]))


def _magnitude(seconds: float) -> int:
    return max(-2, math.ceil(math.log10(max(seconds, 1e-9))))
