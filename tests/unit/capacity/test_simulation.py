"""The simulation, against what queueing theory knows exactly."""

from dataclasses import replace
from math import factorial

import numpy as np
import pytest

from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.simulation import Balancing, simulate
from gearshift.capacity.workload import Workload

EXPONENTIAL = -np.log1p(-(np.arange(20_000) + 0.5) / 20_000)  # its quantiles, mean 1
ALIKE = np.ones(1)
EVENLY = 1e-12  # dispersion of arrivals at equal distances


def workload(rate, work=EXPONENTIAL, first_share=0.0, dispersion=1.0):
    return Workload(rate, first_share * work, (1 - first_share) * work, dispersion)


def runs(load, server, count=1, **options):
    return [
        simulate(load, server, count, requests=3_000, warm_up=300, seed=seed, **options)
        for seed in range(10)
    ]


def agrees(found, exact):
    """Whether a closed form is within the 99 % interval of the runs, and that narrow enough."""
    half = 3.250 * np.std(found, ddof=1) / np.sqrt(len(found))  # Student's t, 9 degrees
    assert abs(np.mean(found) - exact) <= half < 0.35 * exact, (np.mean(found), half, exact)


def erlang_c(servers, load):
    """The share of requests that wait, of so many servers under a load below their number."""
    full = load**servers / factorial(servers) * servers / (servers - load)
    return full / (sum(load**n / factorial(n) for n in range(servers)) + full)


def test_one_slot_waits_as_m_m_1_does():
    found = runs(workload(0.6), BatchingServer(1))
    agrees([run.waited.mean() for run in found], 0.6 / (1 - 0.6))
    agrees([run.total.mean() for run in found], 1 / (1 - 0.6))
    # The whole time is exponential: its percentiles are known, too.
    agrees([np.percentile(run.total, 95) for run in found], np.log(20) / (1 - 0.6))


@pytest.mark.parametrize(("slots", "load"), [(2, 1.2), (4, 2.8)])
def test_several_slots_wait_as_erlang_says(slots, load):
    found = runs(workload(load), BatchingServer(slots))
    waiting = erlang_c(slots, load)
    agrees([(run.waited > 0).mean() for run in found], waiting)
    agrees([run.waited.mean() for run in found], waiting / (slots - load))


def test_work_that_is_always_the_same_waits_half_as_long():
    found = runs(workload(0.7, ALIKE), BatchingServer(1))
    agrees([run.waited.mean() for run in found], 0.7 / (2 * (1 - 0.7)))


@pytest.mark.parametrize("work", [EXPONENTIAL, ALIKE])
def test_sharing_what_one_would_have_depends_on_the_mean_work_alone(work):
    found = runs(workload(0.6, work), BatchingServer(1_000, slowdown=1.0))
    agrees([run.total.mean() for run in found], 1 / (1 - 0.6))


def test_reading_is_done_one_after_the_other_whatever_the_slots():
    """A deployment that only reads is M/M/1, and its time to the first token exponential."""
    found = runs(workload(0.6, first_share=1.0), BatchingServer(1_000))
    agrees([run.first.mean() for run in found], 1 / (1 - 0.6))


def test_with_free_batching_and_enough_slots_nobody_waits_or_is_slowed_down():
    load = workload(5.0)
    run = simulate(load, BatchingServer(1_000), 1, requests=500, warm_up=10, seed=1)
    assert run.waited.max() == run.first.max() == 0
    assert run.total.min() >= (load.first + load.rest).min() - 1e-9
    assert run.total.max() <= (load.first + load.rest).max() + 1e-9


def test_overhead_takes_time_and_no_place():
    load = replace(workload(0.7), overhead=5.0)
    slow, usual = (
        simulate(one, BatchingServer(1), 1, requests=500, warm_up=10, seed=1)
        for one in (load, workload(0.7))
    )
    np.testing.assert_allclose(slow.total, usual.total + 5.0)
    np.testing.assert_allclose(slow.first, usual.first + 5.0)
    np.testing.assert_allclose(slow.waited, usual.waited)


def test_what_is_in_flight_is_the_rate_times_the_time_it_takes():
    """Little's law, which holds for every queue."""
    for server, count in ((BatchingServer(1), 1), (BatchingServer(4, 0.3), 3)):
        load = workload(0.7 * count * server.capacity, first_share=0.02)
        run = simulate(load, server, count, requests=5_000, warm_up=500, seed=1)
        rate = len(run.total) / run.seconds
        assert run.in_flight == pytest.approx(rate * run.total.mean(), rel=0.03)


def test_the_pace_changes_with_each_arrival_and_each_end():
    """Worked out by hand: at each arrival the one before has 0.625 s of work left.

    Both are at work for 0.75 s, in which each gets 0.625 done; then one alone, until a second has
    passed. It has got 0.875 of its 1.5 done, and 0.625 are left.
    """
    load = Workload(1.0, np.zeros(1), np.array([1.5]), EVENLY)
    run = simulate(load, BatchingServer(2, slowdown=0.2), 1, requests=20, warm_up=50, seed=1)
    np.testing.assert_allclose(run.waited, 0.0, atol=1e-5)
    np.testing.assert_allclose(run.total, 1.75, rtol=1e-5)


def test_answers_in_progress_stand_still_while_a_prompt_is_read():
    """By hand: read in 0.25 s, written 1 s, of which the next one's reading falls into the end.

    Written from 0.25 to 1; the next prompt is read until 1.25; the quarter of a second that is left
    takes until 1.5, both being written at no cost to each other.
    """
    load = Workload(1.0, np.array([0.25]), np.array([1.0]), EVENLY)
    run = simulate(load, BatchingServer(2, slowdown=0.0), 1, requests=20, warm_up=50, seed=1)
    np.testing.assert_allclose(run.first, 0.25, rtol=1e-4)
    np.testing.assert_allclose(run.total, 1.5, rtol=1e-4)


def test_who_comes_first_is_begun_first():
    """With equal work and gaps that differ, who waits longer than the one before came too soon."""
    load = workload(0.9, ALIKE)
    run = simulate(load, BatchingServer(1), 1, requests=1_000, warm_up=0, seed=3)
    assert (run.waited <= run.first).all()
    assert (run.first <= run.total).all()
    # Whoever waits is begun when the one before ends: a second of work after that one was begun.
    np.testing.assert_allclose((run.total - run.waited), 1.0, rtol=1e-9)


def test_the_least_busy_makes_less_of_a_queue_than_chance():
    load, server = workload(4 * 0.7), BatchingServer(1)
    by_chance = [run.waited.mean() for run in runs(load, server, 4, balancing=Balancing.RANDOM)]
    least_busy = [run.waited.mean() for run in runs(load, server, 4)]
    # By chance each of them is a queue for itself.
    agrees(by_chance, 0.7 / (1 - 0.7))
    assert np.mean(least_busy) < np.mean(by_chance) / 2


def test_deployments_share_the_work_alike():
    """The first of several that are free does not get it all: the mean wait would not show it."""
    few = simulate(workload(0.2), BatchingServer(1), 2, requests=4_000, warm_up=0, seed=1)
    assert (few.waited > 0).mean() < 0.02


def test_bursts_wait_longer():
    smooth, bursts = (
        simulate(load, BatchingServer(1), 1, requests=5_000, warm_up=500, seed=1).waited.mean()
        for load in (workload(0.7), workload(0.7, dispersion=4.0))
    )
    assert bursts > 1.5 * smooth


def test_a_seed_gives_the_same_again_and_another_one_does_not():
    once, again, other = (
        simulate(workload(0.5), BatchingServer(1), 1, requests=50, warm_up=0, seed=seed)
        for seed in (1, 1, 2)
    )
    assert (once.total == again.total).all()
    assert (once.total != other.total).any()
