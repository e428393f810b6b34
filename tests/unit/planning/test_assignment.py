"""Who goes where by chance, why, and with which propensity."""

from dataclasses import dataclass, replace
from math import sqrt
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from gearshift.client.requests import chat_request
from gearshift.config.sections.quality import QualitySettings
from gearshift.errors import RequestError
from gearshift.pipeline.topology import Topology
from gearshift.planning.assignment import Assigner
from gearshift.planning.experiment_routers import ExperimentRouters
from gearshift.planning.planner import Planner
from gearshift.tiered_routing import TierConfig, TieredModelRouter
from gearshift.tiered_routing.candidates import Candidate, RoutingContext
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.types import Capability, Cause, Deployment, Operation

COMPLEX = "Explain async vs threads"  # scores 4.17


def test_requests_that_only_one_tier_can_answer_are_no_exploration():
    tools = frozenset({Capability.TOOLS})
    targets = {
        "simple": (Candidate(Deployment("u", "small"), "ollama", "simple", frozenset()),),
        "complex": (Candidate(Deployment("u", "large"), "ollama", "complex", tools),),
    }
    quality = QualitySettings(explore_share=0.5, explore_band=5.0)
    planner = Planner(TieredModelRouter(), "hash", quality)
    request = chat_request(COMPLEX)
    request.needs = tools
    for _ in range(20):
        decision = planner.plan(request, Topology(targets)).decision
        assert (decision.tier, decision.propensity) == ("complex", 1.0)
        assert decision.cause is Cause.SCORED
        assert not decision.movable


def test_sessions_outside_an_experiment_are_weighed_like_those_inside():
    arms = (Arm("low", threshold=1.0), Arm("high", threshold=6.0))
    experiments = [Experiment("bounds", Dimension.THRESHOLD, arms, 0.5)]
    names = ("simple", "complex")
    targets = {tier: (Candidate(Deployment("u", tier), "ollama", tier),) for tier in names}
    quality = QualitySettings(explore_share=0.2, explore_band=5.0)
    planner = Planner(TieredModelRouter(), "hash", quality)
    planner.experiment_routers = ExperimentRouters(TierConfig(), planner.router, experiments)
    count, weights = 600, dict.fromkeys(names, 0.0)
    for number in range(count):
        request = chat_request(COMPLEX)
        request.session = f"session {number}"
        decision = planner.plan(request, Topology(targets)).decision
        weights[decision.tier] += 1 / decision.propensity
    # low: complex, high: simple, outside: complex but for a fifth.
    chances = {"simple": 0.25 + 0.5 * 0.2, "complex": 0.25 + 0.5 * 0.8}
    for tier, chance in chances.items():
        spread = sqrt(count * (1 - chance) / chance)
        assert weights[tier] == pytest.approx(count, abs=4 * spread)


def test_everybody_in_an_experiment_is_counted_whatever_the_arm_does():
    """A request that one arm would have sent elsewhere, had it been able to, is still its own."""
    tools = frozenset({Capability.TOOLS})
    targets = {
        "simple": (Candidate(Deployment("u", "small"), "ollama", "simple", frozenset()),),
        "complex": (Candidate(Deployment("u", "large"), "ollama", "complex", tools),),
    }
    arms = (Arm("low", threshold=1.0), Arm("high", threshold=6.0))
    experiments = [Experiment("bounds", Dimension.THRESHOLD, arms)]
    planner = Planner(TieredModelRouter(), "hash")
    planner.experiment_routers = ExperimentRouters(TierConfig(), planner.router, experiments)
    request = chat_request(COMPLEX)
    request.needs = tools
    found = set()
    for number in range(40):
        request.session = f"session {number}"
        decision = planner.plan(request, Topology(targets)).decision
        found.add((decision.arms, decision.cause, decision.propensity))
    assert found == {
        ("bounds:low", Cause.EXPERIMENT, 1.0),
        ("bounds:high", Cause.CAPABILITY, 1.0),
    }


ID = f"dec-{'f' * 24}"
TIERS = {
    name: (Candidate(Deployment("u", name), "ollama", name),) for name in ("simple", "complex")
}
NEAR = QualitySettings(explore_share=0.2, explore_band=5.0)
BOUNDS = (Arm("low", threshold=1.0), Arm("high", threshold=6.0))
THREE = (*BOUNDS, Arm("higher", threshold=7.0))
ARMS_OF = {"in low": BOUNDS[0], "in high": BOUNDS[1], "outside": None}


@dataclass(frozen=True)
class Fixed(Experiment):
    """An experiment whose arms go by the session's name."""

    def arm_of(self, unit):
        return ARMS_OF[unit]


def assigned(
    session="outside", *, share=0.6, arms=BOUNDS, quality=NEAR, router=None, tiers=TIERS, **more
):
    """What such a session gets while an experiment about the threshold runs."""
    assigner = Assigner(router or TieredModelRouter(), quality)
    if share:
        experiment = Fixed("bounds", Dimension.THRESHOLD, arms, share)
        assigner.routers = ExperimentRouters(
            TierConfig(), router or TieredModelRouter(), [experiment]
        )
    request = chat_request(COMPLEX)
    request.session = session
    circumstances = RoutingContext(targets=tiers, **more)
    return assigner.assign(request, circumstances, Topology(tiers), ID)


@pytest.fixture(params=[True, False])
def explores(request, monkeypatch):
    """Whether the lot says so."""
    monkeypatch.setattr("gearshift.planning.assignment.is_explored", lambda *_: request.param)
    return request.param


@pytest.mark.parametrize(
    ("session", "tier", "propensity"),
    [
        # low (0.3) and those outside who do not explore (0.4 x 0.8); the others.
        ("in low", "complex", 0.62),
        ("in high", "simple", 0.38),
    ],
)
def test_who_takes_part_goes_where_its_arm_says_and_explores_nothing(
    session, tier, propensity, explores
):
    found = assigned(session)
    name, threshold = {"in low": ("low", 1.0), "in high": ("high", 6.0)}[session]
    assert (found.route.tier, found.arms) == (tier, f"bounds:{name}")
    assert found.router.config.complexity_threshold == threshold
    assert found.result.threshold == threshold
    assert found.propensity == pytest.approx(propensity)
    assert found.route.cause is Cause.EXPERIMENT
    assert found.route.reason == f"{found.result.reasoning}; bounds:{name}"
    assert found.movable


def test_who_is_outside_may_explore(explores):
    found = assigned()
    assert found.route.tier == ("simple" if explores else "complex")
    assert found.propensity == pytest.approx(0.38 if explores else 0.62)
    assert found.route.cause is (Cause.EXPERIMENT if explores else Cause.SCORED)
    reason = found.result.reasoning
    assert found.route.reason == (f"explored; {reason}" if explores else reason)
    assert (found.arms, found.result.threshold) == (None, 3.0)


def test_without_experiments_the_share_is_the_chance(explores):
    found = assigned(share=0)
    assert (found.route.tier, found.propensity) == (
        ("simple", 0.2) if explores else ("complex", 0.8)
    )
    assert (found.arms, found.movable) == (None, True)
    far = assigned(share=0, quality=QualitySettings(explore_share=0.2, explore_band=1.0))
    assert (far.route.tier, far.route.cause, far.propensity) == ("complex", Cause.SCORED, 1.0)


def test_the_lot_is_that_of_the_decision(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "gearshift.planning.assignment.is_explored", lambda *given: asked.append(given)
    )
    assigned(share=0)
    assert asked == [(ID, NEAR)]


def test_a_request_without_a_session_is_assigned_by_its_decision(monkeypatch):
    monkeypatch.setitem(ARMS_OF, ID, BOUNDS[1])
    assert assigned(None).arms == "bounds:high"
    assert assigned("in low").arms == "bounds:low"


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_with_everybody_in_it_nobody_explores(share, explores):
    quality = QualitySettings(explore_share=share, explore_band=5.0)
    assert assigned("in low", share=1.0, quality=quality).propensity == 0.5
    # Where all who are outside explore, none of them stays.
    found = assigned("in low", share=0.6, quality=quality)
    assert found.propensity == pytest.approx(0.3 + 0.4 * (1 - share))


def test_a_forced_tier_takes_part_in_nothing(explores):
    found = assigned("in high", forced_tier="complex")
    assert (found.route.tier, found.route.cause) == ("complex", Cause.FORCED)
    assert (found.propensity, found.arms, found.movable) == (1.0, None, False)
    assert found.result.threshold == 3.0
    assert found.result.score > 0


def test_where_every_lot_leads_to_one_tier_it_is_certain_to_the_last_digit():
    # 0.7 and three times 0.1 are not quite 1.
    found = assigned("in high", share=0.3, arms=THREE, allowed_tiers=frozenset({"complex"}))
    assert found.propensity == 1.0
    assert found.route.cause is Cause.FORCED
    assert "bounds" not in found.route.reason
    assert found.arms == "bounds:high"
    assert not found.movable


def test_a_lot_that_nobody_draws_leads_nowhere():
    high = (Arm("a", threshold=5.0), Arm("b", threshold=6.0), Arm("c", threshold=7.0))
    quality = QualitySettings(explore_share=1.0, explore_band=5.0)
    assert assigned("in high", share=0.3, arms=high, quality=quality).propensity == 1.0


def test_only_who_is_outside_is_weighed_as_exploring():
    # low (0.2) and those outside who do not explore (0.4 x 0.8)
    assert assigned("in low", arms=THREE).propensity == pytest.approx(0.52)
    assert assigned("in high", arms=THREE).propensity == pytest.approx(0.48)


def test_the_other_side_is_none_where_what_it_needs_leads_there_anyway(explores):
    router = TieredModelRouter(TierConfig(complexity_threshold=6.0))
    blind = {**TIERS, "simple": (replace(TIERS["simple"][0], capabilities=frozenset()),)}
    needs = frozenset({Capability.TOOLS})
    found = assigned(share=0, router=router, tiers=blind, needs=needs)
    assert found.result.tier == "simple"
    assert (found.route.tier, found.route.cause) == ("complex", Cause.CAPABILITY)
    assert found.propensity == 1.0


def test_what_happens_to_nobody_is_not_even_scored():
    router = TieredModelRouter()
    with patch.object(router.scorer, "score") as score:
        assert assigned("in low", share=1.0, router=router).propensity == 0.5
    score.assert_not_called()


def test_a_disabled_router_explores_nothing(explores):
    found = assigned(share=0, router=TieredModelRouter(TierConfig(enabled=False)))
    assert (found.route.cause, found.propensity, found.movable) == (Cause.DISABLED, 1.0, False)


class Broken:
    """A scorer that always fails."""

    name, version = "own", "1"

    def score(self, text_or_messages):
        raise ValueError


def test_a_score_that_failed_is_neither_explored_nor_moved(explores):
    found = assigned(share=0, router=TieredModelRouter(scorer=Broken()))
    assert (found.route.cause, found.propensity) == (Cause.SCORER_FAILED, 1.0)
    assert not found.movable


def test_a_side_that_cannot_answer_is_no_side_to_explore(explores):
    blind = {**TIERS, "simple": (replace(TIERS["simple"][0], capabilities=frozenset()),)}
    needs = frozenset({Capability.TOOLS})
    found = assigned(share=0, tiers=blind, needs=needs)
    assert (found.route.tier, found.propensity) == ("complex", 1.0)
    # Those outside would not explore either: only the arm "high" would, and it cannot.
    assert assigned(tiers=blind, needs=needs).propensity == 1.0


def models(length):
    """An experiment about the model of `simple`; the new one has a context of that length."""
    arms = (Arm("usual", models={"simple": "simple"}), Arm("new", models={"simple": "new"}))
    new = Candidate(Deployment("v", "new"), "ollama", "", context_length=length)
    both = {name: (replace(*TIERS[name], context_length=100),) for name in TIERS}
    topology = Topology(both, {"simple": both["simple"], "new": (new,)})
    experiment = Experiment("models", Dimension.MODELS, arms, 0.5)
    return experiment, topology, both


def of_models(session, *, length, tokens=0, text="What time is it?"):
    experiment, topology, tiers = models(length)
    assigner = Assigner(TieredModelRouter(), QualitySettings())
    assigner.routers = ExperimentRouters(TierConfig(), TieredModelRouter(), [experiment])
    request = chat_request(text)
    arm = {"new": experiment.arms[1], "usual": experiment.arms[0], "outside": None}[session]
    with patch.object(Experiment, "arm_of", lambda self, _: arm):
        return assigner.assign(request, RoutingContext(tiers, prompt_tokens=tokens), topology, "d")


def test_the_arm_s_model_answers():
    found = of_models("new", length=100)
    assert found.route.candidates[0].deployment == Deployment("v", "new")
    assert (found.route.tier, found.arms, found.propensity) == ("simple", "models:new", 1.0)
    assert found.movable
    assert of_models("outside", length=100).route.candidates[0].deployment.model == "simple"


def test_a_model_that_is_too_small_for_it_moves_its_lots():
    assert of_models("new", length=10, tokens=50).route.tier == "complex"
    assert of_models("new", length=10, tokens=50).propensity == 0.25
    found = of_models("usual", length=10, tokens=50)
    assert (found.route.tier, found.propensity) == ("simple", 0.75)
    assert not found.movable  # the score does not decide in every arm


def test_lots_that_are_refused_lead_nowhere():
    """Far too long for every usual model, but not for the new one."""
    found = of_models("new", length=100_000, tokens=500)
    assert (found.route.tier, found.propensity) == ("simple", 0.25)
    with pytest.raises(RequestError, match="longest context of any model is 100"):
        of_models("usual", length=100_000, tokens=500)


def test_the_time_of_scoring_is_measured(monkeypatch):
    ticks = iter([10.0, 12.5])
    clock = SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr("gearshift.planning.assignment.time", clock)
    assert assigned(share=0).scoring_seconds == 2.5


def test_a_gap_is_scored_as_one():
    request = chat_request("def f():")
    request.operation = Operation.COMPLETION
    request.options = {"suffix": "return 1"}
    router = TieredModelRouter()
    with patch.object(router.scorer, "score", wraps=router.scorer.score) as score:
        Assigner(router, NEAR).assign(request, RoutingContext(TIERS), Topology(TIERS), ID)
    (read,) = score.call_args.args
    assert "<|fim_suffix|>return 1" in read[-1]["content"]
