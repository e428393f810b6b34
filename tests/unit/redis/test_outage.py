"""An outage: how long to let something be, and who hears of it."""

import pytest

from gearshift.errors import UnavailableError
from gearshift.redis.outage import Outage, cause_of


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outage(clock):
    return Outage("the thing", "we go on", clock)


def test_pauses_grow_up_to_a_bound_and_begin_anew_after_a_good_while(outage, clock):
    pauses = [outage.begin("reading", TimeoutError()) for _ in range(8)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert outage.is_pausing
    clock.now += 5
    assert outage.is_on
    assert not outage.is_pausing
    outage.end()
    assert outage.begin("reading", TimeoutError()) == 5.0  # it ended only just now
    outage.end()
    clock.now += 6
    assert outage.begin("reading", TimeoutError()) == 0.1


def test_each_is_told_once_and_many_short_ones_once_a_minute(outage, clock, caplog):
    for _ in range(3):
        outage.begin("reading", TimeoutError())
    outage.end()
    outage.begin("writing", UnavailableError("h:1: gone"))
    outage.end()
    told = ["the thing failed while reading: it took too long; we go on", "the thing works again"]
    assert [record.getMessage() for record in caplog.records] == told
    clock.now += 60
    outage.begin("writing", UnavailableError("h:1: gone"))
    assert caplog.messages[-1] == "the thing failed while writing: h:1: gone; we go on"


def test_the_words_of_an_unknown_error_are_not_repeated():
    assert cause_of(ValueError("secret")) == "ValueError"


def test_an_end_without_a_beginning_is_nothing(outage, caplog):
    outage.end()
    assert not outage.is_on
    assert not caplog.records
