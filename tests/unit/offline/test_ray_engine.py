"""The engine on Ray, with a Ray that does everything at once; the real one is in tests/offline."""

import sys
from types import SimpleNamespace

import pytest

from gearshift import registry
from gearshift.errors import GearshiftError, MissingExtraError
from gearshift.offline.engine import ENGINES
from gearshift.offline.parts import FilePart

PARTS = [FilePart(f"{number}.parquet", 0, number) for number in range(9)]
MODULE = "gearshift.offline.ray_engine"


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        self.cause = cause


class Ray(SimpleNamespace):
    """What of Ray is used; the task that came last is done first."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self):
        self.asked, self.most, self.ends, self.loses = {}, 0, 0, False

    def init(self, address, **options):
        if "nowhere" in address:
            raise ConnectionError("no such cluster")
        self.asked = {"address": address, **options}

    def shutdown(self):
        self.ends += 1

    def cluster_resources(self):
        return {"CPU": 2.0}

    def put(self, value):
        return value

    def remote(self, **options):
        return lambda function: SimpleNamespace(remote=lambda *given: Reference(function, given))

    def wait(self, references):
        self.most = max(self.most, len(references))
        return references[-1:], references[:-1]

    def get(self, reference):
        if self.loses:
            raise RayError("node died")
        try:
            return reference.function(*reference.given)
        except Exception as error:
            raise RayTaskError(error) from error


class Reference:
    def __init__(self, function, given):
        self.function, self.given = function, given


@pytest.fixture
def ray(monkeypatch):
    ray = Ray()
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
        monkeypatch.setenv(name, "0")
    yield ray
    sys.modules.pop(MODULE, None)


def mapped(work):
    return list(registry.load(ENGINES["ray"])(3).map(work, PARTS))


def rows(part):
    return part.rows


def picky(part):
    if part.rows == 4:
        raise ValueError("not this one")
    return part.rows


def test_every_part_is_worked_on_a_few_at_a_time(ray):
    assert sorted(mapped(rows), key=lambda done: done[1]) == [(part, part.rows) for part in PARTS]
    assert ray.most == 4
    assert ray.ends == 1


def test_a_cluster_of_its_own_is_quiet(ray):
    mapped(rows)
    assert ray.asked == {
        "address": "local",
        "num_cpus": 3,
        "include_dashboard": False,
        "logging_level": "ERROR",
        "log_to_driver": False,
    }


def test_a_cluster_that_runs_already_keeps_its_size(ray, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "ray://there:10001")
    mapped(rows)
    assert ray.asked["address"] == "ray://there:10001"
    assert "num_cpus" not in ray.asked


def test_one_that_cannot_be_reached_is_said(ray, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "nowhere:1")
    with pytest.raises(GearshiftError, match="RAY_ADDRESS=nowhere:1: Ray cannot be reached: no"):
        mapped(rows)


def test_a_failure_names_its_part_and_ends_the_cluster(ray):
    with pytest.raises(GearshiftError, match=r"^4\.parquet: ValueError: not this one$"):
        mapped(picky)
    assert ray.ends == 1


def test_a_task_that_was_lost_names_its_part(ray):
    ray.loses = True
    with pytest.raises(GearshiftError, match=r"parquet: a task on the Ray cluster was lost: node"):
        mapped(rows)


def test_without_ray_the_extra_is_named(ray, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r'needs an extra: pip install "gearshift\[ray\]"'):
        mapped(rows)
