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


def test_a_fact_is_what_was_written_last(log):
    assert read_fact(log, "x") is None
    write_fact(log, "x", "1")
    write_fact(log, "x", "2")
    write_fact(log, "y", "3")
    assert (read_fact(log, "x"), read_fact(log, "y")) == ("2", "3")


@pytest.mark.parametrize(
    ("last", "now", "is_taken"),
    [
        (None, 100.0, True),
        ("100", 159.9, False),
        ("100", 160.0, True),
        ("101", 100.0, False),
        ("101.1", 100.0, True),
    ],
)
def test_a_turn_comes_after_its_time_whatever_the_clock_says(log, last, now, is_taken):
    if last is not None:
        write_fact(log, "x", last)
    assert take_turn(log, "x", 60.0, now) is is_taken
    assert read_fact(log, "x") == (f"{now:.3f}" if is_taken else last)
