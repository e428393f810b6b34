"""What can happen to a session while experiments run, and what does."""

from collections import Counter

import pytest

from gearshift.pipeline.topology import Topology
from gearshift.planning.experiment_routers import ExperimentRouters, with_threshold
from gearshift.tiered_routing import TierConfig, TieredModelRouter
from gearshift.tiered_routing.candidates import Candidate
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.types import Deployment

ROUTING = TierConfig(complexity_threshold=4.0)
ROUTER = TieredModelRouter(ROUTING)
THRESHOLDS = Experiment(
    "bounds", Dimension.THRESHOLD, (Arm("low", threshold=1.0), Arm("high", threshold=6.0)), 0.5
)
SCORERS = Experiment(
    "scorers",
    Dimension.SCORER,
    (Arm("rule", scorer="rule"), Arm("own", scorer=f"{__name__}:Own")),
    0.8,
)
MODELS = Experiment(
    "models", Dimension.MODELS, (Arm("usual", models={}), Arm("new", models={"simple": "n"})), 0.4
)
SMALL = Candidate(Deployment("u", "small"), "ollama", "simple")
LARGE = Candidate(Deployment("u", "large"), "ollama", "complex")
NEW = Candidate(Deployment("v", "n"), "openai", "")
TIERS = {"simple": (SMALL,), "complex": (LARGE,)}


class Own(TaskComplexityScorer):
    """Somebody's own."""


def topology():
    return Topology(TIERS, {"small": (SMALL,), "large": (LARGE,), "n": (NEW,)})


def routers_of(*experiments, routing=ROUTING, router=ROUTER):
    return ExperimentRouters(routing, router, experiments)


def told(found):
    """The lots in words: chance, threshold, scorer, models, whether it is outside."""
    return {
        (lot.router.config.complexity_threshold, lot.router.config.scorer, *lot.models.values()): (
            round(lot.chance, 9),
            lot.is_outside,
        )
        for lot in found.lots
    }


def test_without_experiments_the_configured_way_is_certain():
    found = routers_of()
    assert [(lot.chance, lot.models, lot.is_outside) for lot in found.lots] == [(1.0, {}, True)]
    assert found.lots[0].router is ROUTER
    assert found.models == ({},)
    assert found.assigned("anybody") is None


def test_the_arms_share_what_the_experiment_gets_and_the_rest_stays_outside():
    found = routers_of(THRESHOLDS)
    scorer = ROUTING.scorer
    assert told(found) == {
        (4.0, scorer): (0.5, True),
        (1.0, scorer): (0.25, False),
        (6.0, scorer): (0.25, False),
    }
    assert found.lots[0].router is ROUTER
    assert [lot.router.scorer.name for lot in found.lots] == ["rule"] * 3
    assert [lot.router.score("What time is it?").threshold for lot in found.lots] == [4.0, 1.0, 6.0]


def test_experiments_of_several_dimensions_multiply():
    found = routers_of(THRESHOLDS, SCORERS)
    bounds = {4.0: 0.5, 1.0: 0.25, 6.0: 0.25}
    outside = [lot for lot in found.lots if lot.is_outside]  # the arm "rule" is inside
    assert [round(lot.chance, 9) for lot in outside] == [0.1]
    assert len(found.lots) == 9
    assert sum(lot.chance for lot in found.lots) == pytest.approx(1.0)
    by_way = Counter()
    for lot in found.lots:
        by_way[lot.router.config.complexity_threshold, type(lot.router.scorer).__name__] += (
            lot.chance
        )
    assert by_way == pytest.approx(
        {
            (bound, name): chance * part
            for bound, chance in bounds.items()
            for name, part in {"TaskComplexityScorer": 0.6, "Own": 0.4}.items()
        }
    )


def test_models_are_lots_of_their_own():
    found = routers_of(MODELS)
    assert [(lot.chance, lot.models, lot.is_outside) for lot in found.lots] == [
        (0.6, {}, True),
        (0.2, {}, False),
        (0.2, {"simple": "n"}, False),
    ]
    assert found.models == ({}, {}, {"simple": "n"})
    assert all(lot.router is ROUTER for lot in found.lots)
    both = routers_of(THRESHOLDS, MODELS)
    assert len(both.lots) == 9
    assert [lot.chance for lot in both.lots if lot.is_outside] == [pytest.approx(0.3)]
    assert both.models == found.models


def test_a_session_gets_what_its_arms_say_and_the_decision_names_them():
    found = routers_of(THRESHOLDS, SCORERS, MODELS)
    seen = set()
    for number in range(400):
        unit = f"session {number}"
        each = (THRESHOLDS, SCORERS, MODELS)
        arms = [(e, arm) for e in each if (arm := e.arm_of(unit)) is not None]
        got = found.assigned(unit)
        seen.add(got and got.arms)
        if got is None:
            assert arms == []
            continue
        assert got.arms == ",".join(f"{e.name}:{arm.name}" for e, arm in arms)
        by_name = {e.name: arm for e, arm in arms}
        bound = by_name["bounds"].threshold if "bounds" in by_name else 4.0
        assert got.router.config.complexity_threshold == bound
        own = "scorers" in by_name and by_name["scorers"].name == "own"
        assert isinstance(got.router.scorer, Own) is own
        assert got.models == (by_name["models"].models if "models" in by_name else {})
        assert any(lot.router is got.router for lot in found.lots)
    assert len(seen) == 27


def test_arms_that_differ_in_nothing_share_one_router():
    same = (Arm("a", threshold=2.0), Arm("b", threshold=2.0))
    first, second = routers_of(Experiment("same", Dimension.THRESHOLD, same)).lots[1:]
    assert first.router is second.router


def test_an_arm_that_changes_nothing_uses_the_configured_router():
    (_, usual, _) = routers_of(
        Experiment("e", Dimension.THRESHOLD, (Arm("usual"), Arm("low", threshold=1.0)))
    ).lots
    assert usual.router is ROUTER


def test_a_threshold_of_zero_is_one():
    arms = (Arm("none", threshold=0.0), Arm("low", threshold=1.0))
    found = routers_of(Experiment("e", Dimension.THRESHOLD, arms)).lots
    assert [lot.router.config.complexity_threshold for lot in found] == [4.0, 0.0, 1.0]


def test_the_tiers_get_the_models_of_the_arm():
    known = topology()
    found = routers_of(MODELS)
    assert found.tiers({}, known) is known.tiers
    (new,) = found.tiers({"simple": "n"}, known)["simple"]
    assert (new.deployment, new.provider, new.tier) == (NEW.deployment, "openai", "simple")
    assert found.tiers({"simple": "n"}, known)["complex"] == (LARGE,)
    # Nobody serves it, so the configured ones stay.
    assert found.tiers({"simple": "unknown"}, known) == TIERS
    assert list(found.tiers({"complex": "n"}, known)) == ["simple", "complex"]


def test_the_tiers_are_made_once_for_each_topology():
    known, later = topology(), Topology({"simple": (), "complex": (LARGE,)}, {})
    found = routers_of(MODELS)
    first = found.tiers({"simple": "n"}, known)
    other = found.tiers({"complex": "n"}, known)
    assert found.tiers({"simple": "n"}, known) is first
    assert found.tiers({"complex": "n"}, known) is other
    assert other != first
    assert found.tiers({"simple": "n"}, later) == later.tiers
    assert found.tiers({"simple": "n"}, known) == first


def test_a_threshold_moves_the_bound_of_the_lowest_tier_alone():
    assert with_threshold(ROUTING, 2.5) == ROUTING.model_copy(update={"complexity_threshold": 2.5})
    tiers = [
        {"name": "a", "below": 1.0, "deployments": ["x"]},
        {"name": "b", "below": 5.0, "deployments": ["y"]},
        {"name": "c", "deployments": ["z"]},
    ]
    changed = with_threshold(TierConfig.from_mapping({"tiers": tiers}), 2.5)
    assert [(tier.name, tier.below) for tier in changed.tiers] == [
        ("a", 2.5),
        ("b", 5.0),
        ("c", None),
    ]
