"""Runs that are short enough for tests."""

import pytest

from gearshift.capacity import plan


@pytest.fixture
def short_runs(monkeypatch):
    monkeypatch.setattr(plan, "_FEWEST", 400)
