"""What is old is deleted by the owner alone, whatever goes wrong."""

import itertools
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from tests.unit.decision_log.conftest import eventually

from gearshift.decision_log import upkeep as upkeep_module
from gearshift.decision_log.database import open_database
from gearshift.decision_log.partitions import AHEAD_DAYS, parts
from gearshift.decision_log.upkeep import Upkeep


class Retention:
    """Notes how it is applied."""

    def __init__(self, *errors):
        self.applied, self.errors = [], list(errors)
        self.enough = threading.Event()

    def apply(self, engine, now, begin):
        assert abs(now - time.time()) < 60
        self.applied.append((engine, begin))
        if len(self.applied) >= 4:
            self.enough.set()
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
def upkeep(tmp_path):
    def start(lease, retention: Any):
        minutes = itertools.count(0.0, 61.0)
        url = f"sqlite:///{tmp_path / 'log.db'}"
        made = Upkeep(url, lease, retention, 0.001, clock=lambda: next(minutes))
        made.start()
        return made

    return start


def test_the_owner_deletes_within_its_own_transactions(upkeep):
    lease: Any = SimpleNamespace(is_held=True, acting=Engine.begin)
    retention = Retention()
    made = upkeep(lease, retention)
    assert retention.enough.wait(30)
    made.stop()
    assert {begin for _, begin in retention.applied} == {Engine.begin}
    assert len({id(engine) for engine, _ in retention.applied}) == 1


def test_nobody_else_does(upkeep):
    looked = threading.Event()

    class Waiting:
        acting = None
        looks = 0

        @property
        def is_held(self):
            self.looks += 1
            if self.looks == 3:
                looked.set()
            return False

    retention = Retention()
    made = upkeep(Waiting(), retention)
    assert looked.wait(30)
    made.stop()
    assert retention.applied == []


def test_trouble_is_said_once_as_long_as_it_lasts(caplog, upkeep):
    lease: Any = SimpleNamespace(is_held=True, acting=Engine.begin)
    retention = Retention(OSError("disk\nfull"), OSError("disk\nfull"), RuntimeError("still"))
    made = upkeep(lease, retention)
    assert retention.enough.wait(30)
    made.stop()
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["decision log, retention: disk full", "decision log, retention: still"]


@pytest.mark.parametrize("is_held", [True, False])
def test_one_that_never_began_can_be_stopped(is_held):
    lease: Any = SimpleNamespace(is_held=is_held)
    retention: Any = Retention()
    Upkeep("sqlite://", lease, retention).stop()
    assert retention.applied == []


def test_a_log_in_postgresql_is_divided_and_deleted_from_once_a_minute(postgres_url, monkeypatch):
    lease: Any = SimpleNamespace(is_held=True, acting=Engine.begin)
    now, looks, retention = [0.0], [], Retention()

    def clock():
        looks.append(1)
        return now[0]

    made = Upkeep(postgres_url, lease, retention, 0.001, clock)  # type: ignore[arg-type] # it only notes
    made.start()
    eventually(lambda: len(looks) > 50)
    assert len(retention.applied) == 1
    now[0] = 59.0
    seen = len(looks)
    eventually(lambda: len(looks) > seen + 50)
    assert len(retention.applied) == 1
    now[0] = 60.0
    eventually(lambda: len(retention.applied) == 2)
    made.stop()
    engine = open_database(postgres_url)
    with engine.connect() as connection:
        assert len(parts(connection)) == AHEAD_DAYS + 3
    engine.dispose()


def test_what_cannot_be_divided_is_said_once_and_deleted_from_all_the_same(
    postgres_url, monkeypatch, caplog
):
    lease: Any = SimpleNamespace(is_held=True, acting=Engine.begin)
    monkeypatch.setattr(upkeep_module, "keep_divided", lambda *_: "a view depends on decisions")
    minutes, retention = itertools.count(0.0, 61.0), Retention()
    made = Upkeep(postgres_url, lease, retention, 0.001, lambda: next(minutes))  # type: ignore[arg-type] # it only notes
    made.start()
    assert retention.enough.wait(30)
    made.stop()
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["decision log, partitions: a view depends on decisions"]
