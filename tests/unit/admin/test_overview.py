"""The overview tells of every deployment how it is, and bounds a share as it should."""

from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.admin import overview
from gearshift.pipeline.health import DeploymentHealth
from gearshift.types import Deployment, ModelInfo, Readiness


@pytest.mark.parametrize("resident", [True, False, None])
def test_every_deployment_is_there_with_its_model_in_memory_or_not(resident):
    one = DeploymentHealth(Deployment("u", "gemma2"), Readiness.READY, "fine")
    other = DeploymentHealth(Deployment("v", "m"), Readiness.UNREACHABLE, "away", in_cooldown=True)
    infos = {one.deployment: ModelInfo("gemma2:latest", is_resident=resident)}
    llm = SimpleNamespace(tier_health=lambda: {"simple": [one, other]}, model_info=infos.get)
    context: Any = SimpleNamespace(llm=llm)
    first, second = overview.health(context)
    assert first == {
        "tier": "simple", "upstream": "u", "model": "gemma2", "state": "ready",
        "resident": resident, "in_cooldown": False, "detail": "fine",
    }  # fmt: skip
    assert (second["state"], second["resident"], second["in_cooldown"]) == (
        "unreachable", None, True,
    )  # fmt: skip


def test_a_share_has_its_bounds_and_none_where_nothing_was_judged():
    nothing = {"judged": 0, "losses": 0, "estimate": None, "ci": None}
    assert overview.bound(0, 0) == nothing
    found = overview.bound(5, 100)
    low, high = found["ci"]
    assert found["estimate"] == 0.05
    assert 0.01 < low < 0.05 < high < 0.12


@pytest.mark.parametrize(("span", "each", "columns"), [(24, 1, 24), (48, 1, 48), (168, 24, 7)])
def test_requests_over_time_are_by_hour_or_by_day(span, each, columns):
    now = 1_000_000
    first = now - span + 1
    rows = [
        {"tier": "simple", "hour": first, "requests": 2},
        {"tier": "simple", "hour": now, "requests": 3},
        {"tier": "complex", "hour": now, "requests": 1},
        {"tier": "shadow", "hour": now, "requests": 9},
        {"tier": "simple", "hour": now + 1, "requests": 9},
    ]
    found = overview._over_time(rows, first, now)
    assert (found["hours"], len(found["starts"])) == (each, columns)
    assert set(found["tiers"]) == {"simple", "complex"}
    simple = found["tiers"]["simple"]
    assert (simple[0], simple[-1], sum(simple)) == (2, 3, 5)
