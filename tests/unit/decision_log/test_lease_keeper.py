"""A thread keeps the lease, lets it go at the end, and outlives whatever the database does."""

import threading

from tests.unit.decision_log.conftest import eventually

from gearshift.decision_log.database import open_database
from gearshift.decision_log.facts import read_fact
from gearshift.decision_log.lease import Lease, holder_of
from gearshift.decision_log.lease_keeper import LeaseKeeper, this_process


def test_it_takes_keeps_and_lets_go(url):
    engine = open_database(url)
    lease, other = Lease("one"), Lease("other")
    keeper = LeaseKeeper(url, lease, every_seconds=0.02)
    keeper.start()
    eventually(lambda: lease.is_held)
    written = read_fact(engine, "owner")
    eventually(lambda: read_fact(engine, "owner") != written)
    waiting = LeaseKeeper(url, other, every_seconds=0.02)
    waiting.start()
    keeper.stop()
    eventually(lambda: other.is_held)
    assert not lease.is_held
    waiting.stop()
    assert holder_of(engine) is None
    engine.dispose()


def test_trouble_is_said_once_and_is_no_end(caplog, tmp_path):
    asked, enough = [], threading.Event()

    class Broken(Lease):
        def take(self, engine):
            asked.append(1)
            if len(asked) == 5:
                enough.set()
            raise OSError("away\nagain")

    keeper = LeaseKeeper(f"sqlite:///{tmp_path / 'log.db'}", Broken("x"), every_seconds=0.001)
    keeper.start()
    assert enough.wait(30)
    keeper.stop()
    warnings = [record.getMessage() for record in caplog.records]
    assert warnings == ["decision log, lease: away again"]


def test_one_that_never_began_can_be_stopped():
    LeaseKeeper("sqlite://", Lease("x")).stop()


def test_a_process_is_known_by_its_machine_and_its_number():
    machine, _, number = this_process().rpartition(":")
    assert machine
    assert number.isdigit()
