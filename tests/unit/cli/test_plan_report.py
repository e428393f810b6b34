"""What a plan says, as facts and in words."""

import numpy as np
import pytest

from gearshift.capacity.estimates import Interval
from gearshift.capacity.fleet import Costs, FleetPlan, PlannedTier
from gearshift.capacity.plan import KINDS, Demand, ImpossibleError, Targets, TierPlan, Trial
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.workload import Workload
from gearshift.cli.plan_report import facts_of, print_plan
from gearshift.cli.plan_sources import Load, Source
from gearshift.config.loading import Settings

TIMES = {kind: {f"p{level}": Interval(1.0, 0.9, 1.1) for level in (50, 95, 99)} for kind in KINDS}


def tier(name="simple", count=2, cells=1, **costs):
    demand = Demand(
        name, Workload(1.5, np.ones(1), np.ones(1)), BatchingServer(4, 0.1), Targets(5.0)
    )
    smaller = Trial(count - 1, 0.9, None, ("90 % utilisation, 80 % allowed",))
    chosen = Trial(count, 0.5, TIMES, ())
    return PlannedTier(
        TierPlan(demand, chosen, smaller if count > 1 else None, cells), Costs(**costs), 1
    )


def facts(*plans, targets=None, balancing="least-busy"):
    loads = [Load(getattr(each, "threshold", 9.0), True, {}) for each in plans]
    stated = {"source": "stated", "rate": 3.0}
    source = Source(Settings(), {}, {}, loads, stated, ["nothing changes"])
    return facts_of(source, plans, targets or {"simple": Targets(5.0)}, balancing)


def told(capsys, found):
    print_plan(found)
    return capsys.readouterr().out


def test_a_plan_says_what_why_and_what_for(capsys):
    found = facts(FleetPlan(None, True, (tier(per_deployment=2.0), tier("complex", 1))))
    assert found["recommended"]["deployments"] == {"simple": 3, "complex": 2}
    assert found["plans"][0]["tiers"]["simple"]["total_seconds"]["p95"] == {
        "value": 1.0,
        "ci": [0.9, 1.1],
    }
    said = told(capsys, found)
    assert "recommended   3 simple, 2 complex\n" in said
    assert "why           simple: 1 miss: 90 % utilisation, 80 % allowed" in said
    assert "why           complex: 1 is the least there can be" in said
    assert "saturates     simple first, at 2.00 x this load" in said
    assert "1 [0.9, 1.1] s" in said
    assert "6 USD" in said
    assert "assumes       nothing changes" in said
    assert "by who is least busy" in said


def test_tiers_with_targets_of_their_own_are_told_apart(capsys):
    targets = {"simple": Targets(5.0), "complex": Targets(9.0, 1.0, 0.5)}
    said = told(capsys, facts(FleetPlan(None, True, (tier(),)), targets=targets))
    assert "targets       simple: p95 total at most 5 s; utilisation at most 80 %" in said
    assert (
        "targets       complex: p95 total at most 9 s; p95 first token at most 1 s; "
        "utilisation at most 50 %"
    ) in said


def test_several_thresholds_are_compared(capsys):
    plans = (
        FleetPlan(3.0, True, (tier(count=4),)),
        FleetPlan(4.0, True, (tier(count=2),)),
        FleetPlan(5.0, False, (tier(count=1),)),
        ImpossibleError("complex: no number"),
    )
    found = facts(*plans)
    assert found["recommended"]["threshold"] == 4.0
    assert found["plans"][3] == {"threshold": 9.0, "impossible": "complex: no number"}
    said = told(capsys, found)
    assert "threshold 5: not guaranteed by `tune`" in said
    assert "threshold 9\n  complex: no number" in said
    assert "recommended   3 simple at threshold 4 (the fewest deployments)" in said


@pytest.mark.parametrize(
    ("costs", "words"), [({"watts": 100.0}, "0.3 kW"), ({"flops": 1e12}, "5.4e+15 FLOP"), ({}, "-")]
)
def test_costs_are_told_in_what_is_known(capsys, costs, words):
    assert words in told(capsys, facts(FleetPlan(None, True, (tier(**costs),))))


def test_cells_and_chance_are_assumptions():
    found = facts(FleetPlan(None, True, (tier(count=20, cells=10),)), balancing="random")
    assert any("10 equal groups of deployments" in line for line in found["assumptions"])
    assert any("by chance, as with a Kubernetes Service" in line for line in found["assumptions"])
