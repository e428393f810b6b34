"""A request in, its decision and whom to ask out."""

import pytest

from gearshift.chat_requests import chat_request
from gearshift.errors import RequestError
from gearshift.pipeline.topology import Topology
from gearshift.planning import Planner
from gearshift.settings_quality import QualitySettings
from gearshift.tiered_routing import TieredModelRouter
from gearshift.tiered_routing.tier_router import Target
from gearshift.types import Capability, Cause, Deployment, Operation

SMALL = Target(Deployment("u", "small"), "ollama", "simple")
LARGE = Target(Deployment("u", "large"), "ollama", "complex")
OTHER = Target(Deployment("v", "other"), "openai", "")
TOPOLOGY = Topology(
    {"simple": (SMALL,), "complex": (LARGE,)},
    {"small:latest": (SMALL,), "large": (LARGE,), "other": (OTHER,)},
)


def planner(**quality):
    return Planner(TieredModelRouter(), "hash", QualitySettings(**quality))


def plan(model="auto", text="What time is it?", *, with_quality=None, **changes):
    request = chat_request(text, model=model)
    for name, value in changes.items():
        setattr(request, name, value)
    return planner(**(with_quality or {})).plan(request, TOPOLOGY)


@pytest.mark.parametrize("model", ["auto", "", "auto:latest"])
def test_auto_is_scored(model):
    found = plan(model)
    decision = found.decision
    assert found.chain == (SMALL, LARGE)
    assert decision.place == ("simple", "small", "u")
    assert (decision.cause, decision.scorer, decision.threshold) == (Cause.SCORED, "rule", 3.0)
    assert (decision.config_hash, decision.propensity, decision.arms) == ("hash", 1.0, None)
    assert decision.movable
    assert found.scoring_seconds > 0


@pytest.mark.parametrize("changes", [{"model": "complex"}, {"forced_tier": "complex"}])
def test_a_tier_that_the_client_names_is_certain_and_no_evidence(changes):
    decision = plan(**changes, with_quality={"shadow_share": 1.0, "explore_share": 0.5}).decision
    assert (decision.tier, decision.cause, decision.propensity) == ("complex", Cause.FORCED, 1.0)
    assert decision.score is not None
    assert not decision.movable
    assert decision.drawn is None


@pytest.mark.parametrize("model", ["other", "small", "large"])
def test_a_model_that_the_client_names_is_asked_unscored(model):
    found = plan(model, with_quality={"shadow_share": 1.0})
    assert found.decision.model == model
    assert len(found.chain) == 1
    assert found.decision.score is None
    assert found.decision.cause is Cause.FORCED
    assert (found.decision.movable, found.decision.drawn) == (False, None)


def test_what_nobody_has_and_what_the_key_does_not_allow_is_refused_in_words():
    with pytest.raises(RequestError, match="model 'nobody' not found; use 'auto', a tier") as error:
        plan("nobody")
    assert error.value.status == 404
    with pytest.raises(RequestError, match="may not use model 'large'") as error:
        plan("large", allowed_tiers=frozenset({"simple"}))
    assert error.value.status == 403
    with pytest.raises(RequestError, match="unknown tier 'tiny'"):
        plan(forced_tier="tiny")


@pytest.mark.parametrize(
    ("changes", "is_drawn"),
    [
        ({}, True),
        ({"needs": frozenset({Capability.TOOLS})}, False),
        ({"operation": Operation.COMPLETION}, False),
        ({"operation": Operation.COMPLETION, "dialect": "ollama"}, True),
        ({"body": {"raw": True}}, False),
        ({"allowed_tiers": frozenset({"simple"})}, False),
        ({"allowed_tiers": frozenset({"simple", "complex"})}, True),
    ],
)
def test_what_a_judge_can_compare_on_both_tiers_is_drawn(changes, is_drawn):
    decision = plan(**changes, with_quality={"shadow_share": 1.0}).decision
    assert decision.drawn == (1.0 if is_drawn else None)


def test_a_share_is_drawn():
    found = [plan(with_quality={"shadow_share": 0.25}).decision.drawn for _ in range(2_000)]
    assert set(found) == {0.25, None}
    assert found.count(0.25) == pytest.approx(500, abs=90)
