"""What is old is deleted by the owner alone, whatever goes wrong."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from gearshift.decision_log.upkeep import Upkeep


class Retention:
    """Notes how it is applied."""

    def __init__(self, *errors):
        self.applied, self.errors = [], list(errors)
        self.enough = threading.Event()

    def apply(self, engine, begin):
        self.applied.append((engine, begin))
        if len(self.applied) >= 4:
            self.enough.set()
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
def upkeep(tmp_path):
    def start(lease, retention: Any):
        made = Upkeep(f"sqlite:///{tmp_path / 'log.db'}", lease, retention, every_seconds=0.001)
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


def test_trouble_is_said_once_until_it_is_over(caplog, upkeep):
    lease: Any = SimpleNamespace(is_held=True, acting=Engine.begin)
    retention = Retention(OSError("disk\nfull"), RuntimeError("still"))
    made = upkeep(lease, retention)
    assert retention.enough.wait(30)
    made.stop()
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["decision log, upkeep: disk full"]


@pytest.mark.parametrize("is_held", [True, False])
def test_one_that_never_began_can_be_stopped(is_held):
    lease: Any = SimpleNamespace(is_held=is_held)
    retention: Any = Retention()
    Upkeep("sqlite://", lease, retention).stop()
    assert retention.applied == []
