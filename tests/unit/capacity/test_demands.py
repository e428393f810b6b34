"""From logged requests to what each tier must do."""

import numpy as np
import pytest

from gearshift.capacity.demands import Logged, Stated
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.traffic import Traffic
from gearshift.capacity.workload import Speed
from gearshift.errors import GearshiftError

TIERS = ("simple", "complex")
N = 200


def traffic(**changes):
    """Simple ones at 100 tokens/s and complex ones at 20, each 10 s after the one before."""
    rng = np.random.default_rng(1)
    score = np.tile([1.0, 4.0], N // 2)
    is_simple = score < 3
    prompt, completion = rng.uniform(100, 300, N), rng.uniform(50, 150, N)
    columns = {
        "time": 10.0 * np.arange(N),
        "tier": np.where(is_simple, "simple", "complex"),
        "deployment": np.where(is_simple, "a/small", "a/large"),
        "score": score,
        "is_scored": np.ones(N, dtype=bool),
        "is_hit": np.zeros(N, dtype=bool),
        "is_clean": np.ones(N, dtype=bool),
        "prompt": prompt,
        "completion": completion,
        "seconds": 0.1 + prompt / 1000 + completion / np.where(is_simple, 100, 20),
        "first": np.full(N, np.nan),
    }
    return Traffic(**{**columns, **changes})


def logged(stated=None, **changes):
    return Logged(traffic(**changes), TIERS, stated or {})


def alone(load):
    return load.mean + load.overhead


def test_each_tier_gets_its_share_of_the_rate():
    found = logged().workloads([3.0], 4.0, 1.0)
    assert {name: load.rate for name, load in found.items()} == {"simple": 2.0, "complex": 2.0}
    was = traffic()
    simple = was.tier == "simple"
    assert alone(found["simple"]) == pytest.approx(was.seconds[simple].mean(), rel=1e-6)
    assert alone(found["complex"]) == pytest.approx(was.seconds[~simple].mean(), rel=1e-6)
    assert found["simple"].completion == pytest.approx(was.completion[simple].mean())
    assert found["simple"].prompt == pytest.approx(was.prompt[simple].mean())


def test_another_threshold_moves_requests_to_the_speed_of_the_other_model():
    found = logged().workloads([5.0], 4.0, 1.0)
    assert set(found) == {"simple"}
    was = traffic()
    as_simple = 0.1 + was.prompt / 1000 + was.completion / 100
    assert found["simple"].rate == 4.0
    assert alone(found["simple"]) == pytest.approx(as_simple.mean(), rel=1e-6)


def test_what_no_score_decides_stays_where_it_was():
    forced = np.arange(N) % 4 == 1  # half of the complex ones
    found = logged(is_scored=~forced).workloads([5.0], 4.0, 1.0)
    assert (found["simple"].rate, found["complex"].rate) == (3.0, 1.0)


def test_hits_of_the_cache_take_no_deployment():
    hits = np.arange(N) % 4 == 0  # half of the simple ones
    found = logged(is_hit=hits, is_clean=~hits).workloads([3.0], 4.0, 1.0)
    assert (found["simple"].rate, found["complex"].rate) == (1.0, 2.0)


def test_a_part_of_bursts_is_less_of_a_burst():
    found = logged().workloads([3.0], 4.0, 5.0)
    assert found["simple"].dispersion == pytest.approx(3.0)


def test_failures_come_too_and_say_nothing_of_work():
    broken = np.arange(N) % 4 == 0
    seconds = np.where(broken, 500.0, traffic().seconds)
    found = logged(is_clean=~broken, seconds=seconds).workloads([3.0], 4.0, 1.0)
    assert found["simple"].rate == 2.0
    assert len(found["simple"].first) == N // 4


def test_answers_that_took_longer_than_their_tokens_say_stay_longer():
    seconds = traffic().seconds
    slow = np.arange(N) % 10 == 0
    found = logged(seconds=np.where(slow, 3 * seconds, seconds)).workloads([3.0], 1.0, 1.0)
    load = found["simple"]
    work = np.sort(load.first + load.rest)
    assert work[-15:].mean() > 2 * np.median(work)


def test_what_is_stated_counts_more_than_the_log():
    stated = {"simple": Stated(Speed(500, 50), 8, 0.1), "complex": Stated(None, 4, 0.2)}
    found = logged(stated)
    model = found.model("simple")
    assert (model.speed, model.server, model.fit) == (Speed(500, 50), BatchingServer(8, 0.1), None)
    was = traffic()
    simple = was.tier == "simple"
    expected = was.prompt[simple] / 500 + was.completion[simple] / 50
    assert found.workloads([3.0], 1.0, 1.0)["simple"].mean == pytest.approx(expected.mean())
    assert found.model("complex").server == BatchingServer(4, 0.2)
    assert found.model("complex").fit.n == N // 2


def test_stated_speed_alone_is_cautious():
    assert logged({"simple": Stated(Speed(1, 1))}).model("simple").server == BatchingServer(1, 1.0)


def test_a_tier_of_which_too_little_is_known_must_be_stated():
    few = logged(is_clean=traffic().tier == "simple")
    with pytest.raises(GearshiftError, match=r"complex: fewer than 30 .* --tier complex:decode="):
        few.model("complex")
    # Nothing is asked of it as long as it gets nothing.
    assert set(few.workloads([5.0], 1.0, 1.0)) == {"simple"}
