"""What belongs to the database itself, and whose turn it is, whichever process comes first."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gearshift.decision_log.database import open_database
from gearshift.decision_log.facts import read_fact, take_turn, write_fact


@pytest.fixture
def engine(url):
    made = open_database(url)
    yield made
    made.dispose()


def at_once(count, question):
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(question, range(count)))


def test_one_of_several_has_a_turn(engine):
    for now in (1_000.0, 1_060.0):
        taken = at_once(6, lambda _, now=now: take_turn(engine, "x", 60.0, now))
        assert sum(taken) == 1
        assert not take_turn(engine, "x", 60.0, now + 59.0)
    assert take_turn(engine, "y", 60.0, 1_060.0)


def test_a_turn_of_an_earlier_version_counts_and_one_of_a_wrong_clock_does_not(engine):
    write_fact(engine, "x", "1000")
    assert not take_turn(engine, "x", 60.0, 1_059.0)
    write_fact(engine, "x", "99999999999")
    assert take_turn(engine, "x", 60.0, 1_059.0)
    assert read_fact(engine, "x") == "1059.000"
