"""A deployment's batching: how much longer each takes, and how much is done at once."""

import pytest

from gearshift.capacity.servers import BatchingServer


@pytest.mark.parametrize(
    ("slots", "slowdown", "capacity"), [(1, 0.5, 1), (8, 0, 8), (8, 1, 1), (5, 0.25, 2.5)]
)
def test_capacity_is_what_all_slots_get_done(slots, slowdown, capacity):
    assert BatchingServer(slots, slowdown).capacity == pytest.approx(capacity)


def test_those_who_wait_slow_nobody_down():
    assert BatchingServer(4, 0.5).stretch(9) == BatchingServer(4, 0.5).stretch(4) == 2.5
    assert BatchingServer(4, 0.5).stretch(0) == BatchingServer(4, 0.5).stretch(1) == 1


@pytest.mark.parametrize("slowdown", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_what_is_at_work_gets_done_what_arrives(slowdown, share):
    server = BatchingServer(8, slowdown)
    load = share * server.capacity
    active = server.in_flight(load)
    assert 0 <= active <= 8
    if active > load:  # else there is seldom more than one
        assert active / server.stretch(active) == pytest.approx(load)


def test_more_than_it_can_do_takes_all_slots():
    assert BatchingServer(8, 0.5).in_flight(100.0) == BatchingServer(8).in_flight(100.0) == 8


def test_reading_takes_a_deployment_alone_and_writing_a_part_of_it():
    assert BatchingServer(5, 0.25).busy(2.0, 5.0) == pytest.approx(2.0 + 5.0 / 2.5)
