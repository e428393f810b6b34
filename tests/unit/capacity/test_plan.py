"""The search for the fewest deployments."""

import numpy as np
import pytest

from gearshift.capacity import plan as module
from gearshift.capacity.estimates import Interval
from gearshift.capacity.plan import Demand, ImpossibleError, Targets, plan
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.simulation import Balancing
from gearshift.capacity.workload import Workload

NONE = Targets()
pytestmark = pytest.mark.usefixtures("short_runs")


def smaller(found):
    assert found.smaller is not None
    return found.smaller


def p95(outcome, kind):
    assert outcome.times is not None
    return outcome.times[kind]["p95"]


def demand(rate=3.0, targets=NONE):
    sizes = np.linspace(0.5, 1.5, 101)
    return Demand(
        "simple", Workload(rate, 0.1 * sizes, 0.9 * sizes), BatchingServer(2, 0.5), targets
    )


def test_without_targets_for_times_the_utilisation_decides():
    found = plan(demand())
    # Reading 0.3 s per second, and writing 2.7 at 2 / 1.5 = 1.33 s: 2.325 / 0.8 = 2.9.
    assert found.chosen.count == 3
    assert found.chosen.utilisation == pytest.approx(0.775)
    assert found.chosen.failures == ()
    assert smaller(found).count == 2
    assert smaller(found).failures == ("116 % utilisation, 80 % allowed",)
    assert smaller(found).times is None


def test_a_target_is_met_with_the_fewest_and_missed_with_one_less():
    found = plan(demand(targets=Targets(total=1.9)))
    assert found.chosen.count > 3
    assert p95(found.chosen, "total").high <= 1.9
    assert smaller(found).count == found.chosen.count - 1
    assert p95(smaller(found), "total").high > 1.9
    [failure] = smaller(found).failures
    assert failure.startswith("p95 total up to ")
    assert "1.9 s allowed" in failure
    assert failure.endswith("% too much)")


def test_each_target_counts():
    first = plan(demand(targets=Targets(first=0.25)))
    both = plan(demand(targets=Targets(first=0.25, total=100.0)))
    assert first.chosen.count == both.chosen.count > 3
    assert smaller(first).failures[0].startswith("p95 first token up to ")


def test_the_search_finds_what_trying_all_would(monkeypatch):
    tried = []

    def tried_with(need):
        def outcome(self, count):
            tried.append(count)
            failures = () if count >= need else ("too few",)
            return module.Trial(count, 0.5, None, failures)

        return outcome

    for need in (1, 2, 3, 4, 7, 19, 64):
        tried.clear()
        monkeypatch.setattr(module._Search, "_tried", tried_with(need))
        assert plan(demand(rate=0.1)).chosen.count == need
        assert len(tried) == len(set(tried)) <= 14


def test_one_deployment_has_no_smaller_plan():
    assert plan(demand(rate=0.1)).smaller is None


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (Targets(total=1.4), "5 % of the answers take longer than 1.45 s .* raise --p95-seconds"),
        (Targets(first=0.1), "5 % of the first tokens take longer .* raise --first-token-seconds"),
    ],
)
def test_what_is_impossible_even_alone_is_said_at_once(targets, words):
    with pytest.raises(ImpossibleError, match=f"^simple: no number of deployments .*{words}"):
        plan(demand(targets=targets))


def test_what_more_and_more_deployments_do_not_reach_ends(monkeypatch):
    monkeypatch.setattr(
        module._Search, "_tried", lambda _, count: module.Trial(count, 0.1, None, ("no",))
    )
    with pytest.raises(ImpossibleError, match="deployments still miss a target: no; raise it"):
        plan(demand())


def test_a_target_is_not_met_by_luck(monkeypatch):
    """Where the mean of the runs is within it, and the interval is not."""
    times = {
        kind: {f"p{level}": Interval(1.0, 0.5, 1.5) for level in (50, 95, 99)}
        for kind in module.KINDS
    }
    monkeypatch.setattr(module, "_percentiles", lambda _: times)
    failures = (
        module._Search(demand(targets=Targets(total=1.45)), 1, Balancing.RANDOM, lambda _: None)
        .outcome(5)
        .failures
    )
    assert failures == ("p95 total up to 1.5 s, 1.45 s allowed (3.4 % too much)",)


def test_a_large_fleet_is_planned_in_equal_cells(monkeypatch):
    monkeypatch.setattr(module, "_CELL", 40)
    small, large = plan(demand(rate=15.0)), plan(demand(rate=300.0))
    assert small.cells == 1
    assert large.cells > 1
    assert large.chosen.count % large.cells == 0
    # Cells round up, each for itself, by less than one deployment.
    needed = 300 * (0.1 + 0.9 / (2 / 1.5)) / 0.8
    assert needed <= large.chosen.count < needed + large.cells


def test_progress_is_told():
    said = []
    plan(demand(), report=said.append)
    assert said == ["simple: 3 deployments", "simple: 2 deployments"]


def test_a_plan_comes_out_the_same_again():
    once, again = (plan(demand(targets=Targets(total=3.0)), seed=4) for _ in range(2))
    assert once.chosen == again.chosen
