"""Ready is a gateway of which every tier has a model that can answer."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from gearshift.gateway.readiness import readiness
from gearshift.pipeline.health import DeploymentHealth
from gearshift.types import Deployment, Readiness

READY, LOADING, AWAY = Readiness.READY, Readiness.LOADING, Readiness.UNREACHABLE
MISSING, UNKNOWN = Readiness.MISSING_MODEL, Readiness.UNKNOWN


def reported(*, is_leaving=False, **tiers) -> Any:
    found = {
        tier: [DeploymentHealth(Deployment("u", str(n)), level) for n, level in enumerate(levels)]
        for tier, levels in tiers.items()
    }
    llm: Any = SimpleNamespace(tier_health=lambda: found)
    response = readiness(llm, is_leaving=is_leaving)
    assert isinstance(response.body, bytes)
    return response.status, orjson.loads(response.body)


@pytest.mark.parametrize(
    ("simple", "large", "status"),
    [
        ([READY], [READY], 200),
        ([AWAY, READY], [READY, LOADING], 200),
        ([READY], [LOADING], 503),
        ([AWAY], [READY], 503),
        ([READY, READY], [UNKNOWN, MISSING, AWAY], 503),
        ([READY], [], 503),
    ],
)
def test_one_for_every_tier_is_enough_and_needed(simple, large, status):
    found, report = reported(simple=simple, complex=large)
    assert found == status
    assert report["status"] == ("ready" if status == 200 else "not ready")


def test_one_that_is_about_to_end_is_not_ready():
    status, report = reported(simple=[READY], complex=[READY], is_leaving=True)
    assert status == 503
    assert report["status"] == "stopping"
    assert report["tiers"]["simple"][0]["ready"]


@pytest.mark.parametrize(
    ("level", "reachable", "has_model", "ready"),
    [
        (READY, True, True, True),
        (LOADING, True, True, False),
        (MISSING, True, False, False),
        (AWAY, False, False, False),
        (UNKNOWN, False, False, False),
        (Readiness.REFUSED, True, False, False),
    ],
)
def test_each_deployment_tells_how_far_it_is(level, reachable, has_model, ready):
    _, report = reported(simple=[level])
    (told,) = report["tiers"]["simple"]
    assert (told["reachable"], told["has_model"], told["ready"]) == (reachable, has_model, ready)
    assert (told["upstream"], told["model"], told["state"]) == ("u", "0", level.value)


def test_whether_it_has_the_model_may_be_unknown():
    one = DeploymentHealth(Deployment("u", "m"), READY, is_unlisted=True)
    llm: Any = SimpleNamespace(tier_health=lambda: {"simple": [one]})
    response = readiness(llm)
    assert response.status == 200
    assert isinstance(response.body, bytes)
    (told,) = orjson.loads(response.body)["tiers"]["simple"]
    assert (told["reachable"], told["has_model"], told["ready"]) == (True, None, True)
