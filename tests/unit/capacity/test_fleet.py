"""All tiers together: sums, costs, and the best of several."""

import numpy as np
import pytest

from gearshift.capacity.fleet import Costs, FleetPlan, PlannedTier, best
from gearshift.capacity.plan import Demand, Targets, TierPlan, Trial
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.workload import Workload


def tier(count=2, utilisation=0.5, rate=1.0, spare=0, name="simple", **costs):
    demand = Demand(name, Workload(rate, np.ones(1), np.ones(1)), BatchingServer(1), Targets())
    planned = TierPlan(demand, Trial(count, utilisation, None, ()), None, 1)
    return PlannedTier(planned, Costs(**costs), spare)


def test_deployments_cost_whether_they_are_spare_or_not():
    one = tier(3, spare=1, per_deployment=2.0, watts=500.0)
    assert (one.deployments, one.money, one.kilowatts) == (4, 8.0, 2.0)


def test_an_api_costs_by_the_request():
    assert tier(3, rate=2.0, per_request=0.001).money == pytest.approx(7.2)
    assert tier(3, rate=2.0, per_request=0.001, per_deployment=1.0).money == pytest.approx(10.2)


def test_compute_is_that_of_the_requests():
    assert tier(9, rate=2.0, flops=1e12).flops == 7.2e15


def test_what_is_not_known_of_one_tier_is_not_known_of_all():
    fleet = FleetPlan(3.0, True, (tier(per_deployment=1.0, watts=100.0), tier(watts=300.0)))
    assert (fleet.money, fleet.kilowatts, fleet.flops) == (None, 0.8, None)
    assert fleet.deployments == 4


def test_the_fullest_tier_saturates_first():
    fleet = FleetPlan(None, True, (tier(utilisation=0.4), tier(utilisation=0.8, name="complex")))
    assert fleet.first_to_saturate.plan.demand.tier == "complex"
    assert fleet.first_to_saturate.saturates_at == pytest.approx(1.25)


def fleet(threshold, *, safe=True, **costs):
    return FleetPlan(threshold, safe, (tier(**costs),))


@pytest.mark.parametrize(
    ("cheap", "dear", "by"),
    [
        ({"per_deployment": 1.0, "count": 9}, {"per_deployment": 9.0}, "money per hour"),
        ({"watts": 1.0, "count": 9}, {"watts": 900.0}, "power"),
        ({"flops": 1.0, "count": 9}, {"flops": 2.0}, "compute per hour"),
        ({"count": 2}, {"count": 3}, "fewest deployments"),
    ],
)
def test_the_cheapest_is_chosen_by_what_is_known_of_all(cheap, dear, by):
    chosen, what = best([fleet(1.0, **dear), fleet(2.0, **cheap)])
    assert chosen.threshold == 2.0
    assert by in what


def test_a_threshold_without_guarantee_is_never_chosen():
    chosen, _ = best([fleet(1.0, count=5), fleet(2.0, count=1, safe=False)])
    assert chosen.threshold == 1.0


def test_what_is_unknown_of_one_that_may_not_be_chosen_does_not_matter():
    offered = [
        fleet(1.0, per_deployment=2.0, count=1),
        fleet(2.0, per_deployment=0.5, count=3),
        fleet(3.0, safe=False),
    ]
    assert best(offered)[0].threshold == 2.0
