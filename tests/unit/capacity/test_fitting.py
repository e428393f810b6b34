"""Fitting speeds and slowdown: what is known of made-up deployments is found again."""

import numpy as np
import pytest

from gearshift.capacity.fitting import Seen, begun, fit, residuals
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.simulation import simulate
from gearshift.capacity.workload import Speed, Workload

N = 600
SPEED = Speed(prefill=500.0, decode=40.0, overhead=0.05)


class Known(Workload):
    """In this order, so that times can be told from tokens."""

    def draws(self, count, rng):
        return self.first[:count], self.rest[:count]


def seen(server, load, *, noise=0.0, streams=0.5, deployments=1):
    """What deployments under a share of their capacity would leave in a log."""
    parts = []
    for number in range(deployments):
        rng = np.random.default_rng(number)
        prompt, completion = rng.lognormal(5.5, 0.8, N), rng.lognormal(4.5, 0.8, N)
        # More or less than tokens say: of a whole request, as if the machine was slower for it.
        more = rng.lognormal(0.0, noise, N)
        work = SPEED.first(prompt) * more, SPEED.rest(completion) * more
        rate = load / server.busy(work[0].mean(), work[1].mean())
        arrivals = Known(rate, *work, overhead=SPEED.overhead)
        run = simulate(arrivals, server, 1, requests=N, warm_up=0, seed=number)
        # The same draws as the simulation's: gaps are the first that it takes from its generator.
        start = np.cumsum(arrivals.gaps(N, np.random.default_rng(number)))
        first = np.where(rng.random(N) < streams, run.first, np.nan)
        names = np.full(N, f"up-{number}/m")
        parts.append((names, start, run.total, first, prompt, completion, np.ones(N, dtype=bool)))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[1], kind="stable")
    return Seen(*(column[order] for column in columns))


def is_speed(found, rel=0.04):
    assert found.prefill == pytest.approx(SPEED.prefill, rel=rel)
    assert found.decode == pytest.approx(SPEED.decode, rel=rel)
    assert found.overhead == pytest.approx(SPEED.overhead, abs=rel)


def is_server(found, server, by=0.02):
    assert found.slots == server.slots
    assert found.slowdown == pytest.approx(server.slowdown, abs=by)


@pytest.mark.parametrize("slots", [4, None])
@pytest.mark.parametrize("deployments", [1, 3])
def test_speed_slots_and_slowdown_are_found(slots, deployments):
    found = fit(seen(BatchingServer(4, 0.3), 0.8, deployments=deployments), slots)
    is_server(found.server, BatchingServer(4, 0.3))
    assert found.knows_slowdown
    assert found.error < 0.01
    is_speed(found.speed)


def test_answers_that_came_at_once_suffice():
    found = fit(seen(BatchingServer(4, 0.3), 0.8, streams=0.0))
    is_server(found.server, BatchingServer(4, 0.3))
    is_speed(found.speed)


def test_noise_is_averaged_out_and_told():
    found = fit(seen(BatchingServer(4, 0.3), 0.7, noise=0.2), 4)
    assert found.server.slowdown == pytest.approx(0.3, abs=0.08)
    assert found.error == pytest.approx(0.13, abs=0.04)  # the median of a normal error of 0.2
    is_speed(found.speed, rel=0.15)


def test_one_at_a_time_says_nothing_of_more_at_once():
    found = fit(seen(BatchingServer(1), 0.6))
    assert found.server == BatchingServer(1, 1.0)
    assert not found.knows_slowdown
    is_speed(found.speed)


def test_what_is_stated_is_kept():
    found = fit(seen(BatchingServer(4, 0.3), 0.5), slots=4, slowdown=0.5)
    assert found.server == BatchingServer(4, 0.5)
    assert found.knows_slowdown


def test_residuals_are_the_work_beyond_the_tokens():
    was = seen(BatchingServer(4, 0.3), 0.6)
    found = fit(was)
    more = residuals(was, found)
    assert np.percentile(np.abs(more - 1.0), 90) < 0.03


def test_others_take_places_without_being_fitted_to():
    was = seen(BatchingServer(2, 0.5), 0.7)
    dirty = np.arange(len(was.start)) % 3 == 0
    was.is_clean[dirty] = False
    was.prompt[dirty] = was.completion[dirty] = np.nan
    found = fit(was)
    assert found.n == (~dirty).sum()
    # Nobody knows how long the prompts of the others were.
    is_server(found.server, BatchingServer(2, 0.5), by=0.1)
    is_speed(found.speed, rel=0.1)


def test_no_part_is_below_nothing():
    rng = np.random.default_rng(1)
    start = np.arange(100.0) * 10
    prompt = rng.uniform(10, 1000, 100)
    seconds = 5.0 - prompt / 1000  # longer prompts take less
    nothing = np.full(100, np.nan)
    was = Seen(
        np.full(100, "a"), start, seconds, nothing, prompt, np.full(100, 10.0), np.ones(100, bool)
    )
    speed = fit(was).speed
    assert speed.overhead >= 0
    assert speed.prefill > 0
    assert speed.decode > 0


def test_slots_are_given_first_come_first_served():
    start = np.array([0.0, 1.0, 2.0, 3.0, 20.0])
    end = np.array([10.0, 5.0, 12.0, 14.0, 21.0])
    np.testing.assert_array_equal(begun(start, end, 2), [0, 1, 5, 10, 20])
    np.testing.assert_array_equal(begun(start, end, 9), start)


def test_who_was_served_out_of_turn_waited_for_nothing():
    start, end = np.array([0.0, 1.0, 2.0]), np.array([10.0, 12.0, 3.0])
    np.testing.assert_array_equal(begun(start, end, 1), [0, 10, 2])
