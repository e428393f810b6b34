"""Combinations of parameters that a test does not want are left out before it is run."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep those for whose parameters the mark `only_if` says so."""
    unwanted = [item for item in items if not _is_wanted(item)]
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if _is_wanted(item)]


def _is_wanted(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("only_if")
    if mark is None or not isinstance(item, pytest.Function):
        return True
    return bool(mark.kwargs["wants"](**item.callspec.params))
