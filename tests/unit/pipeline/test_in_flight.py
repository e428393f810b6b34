"""Requests are counted from beginning to end; who waits for the last one hears of it."""

import asyncio

import pytest
from tests.fakes.finished import finished

from gearshift.pipeline.in_flight import InFlight


async def turns():
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_it_waits_until_the_last_one_has_ended(count):
    requests = InFlight()
    for _ in range(count):
        requests.begun()
    assert requests.count == count
    waiting = asyncio.create_task(requests.none_left())
    for left in range(count, 0, -1):
        await turns()
        assert (requests.count, waiting.done()) == (left, False)
        requests.ended()
    async with asyncio.timeout(5):
        await waiting
    assert requests.count == 0


async def test_where_there_is_none_there_is_nothing_to_wait_for():
    requests = InFlight()
    async with asyncio.timeout(5):
        await requests.none_left()
        requests.begun()
        requests.ended()
        await requests.none_left()


async def test_one_counts_to_its_end_whatever_that_is():
    requests = InFlight()
    with requests.one():
        assert requests.count == 1
        with pytest.raises(RuntimeError), requests.one():
            raise RuntimeError(requests.count)
        assert requests.count == 1
    assert requests.count == 0


def test_watchers_hear_of_every_beginning_as_long_as_they_watch():
    requests = InFlight()
    heard = []

    def one():
        heard.append(("one", requests.count))

    def two():
        heard.append(("two", requests.count))

    requests.begun()
    with requests.watched(one):
        requests.begun()
        with pytest.raises(RuntimeError), requests.watched(two), requests.one():
            raise RuntimeError
        requests.ended()
        requests.begun()
    requests.begun()
    assert heard == [("one", 2), ("one", 3), ("two", 3), ("one", 2)]


def test_what_goes_on_in_the_background_is_nobodys_request():
    in_flight = InFlight()
    in_flight.begun()
    in_flight.ended(finished(is_background=True))
    assert in_flight.count == 1
    in_flight.ended(finished())
    assert in_flight.count == 0
