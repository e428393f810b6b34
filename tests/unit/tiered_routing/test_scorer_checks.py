"""Somebody's own scorer may be wrong in any way: every request is answered, and it is told."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.chat_requests import chat_request
from gearshift.pipeline.topology import Topology
from gearshift.planning import Planner
from gearshift.settings_quality import QualitySettings
from gearshift.tiered_routing import TieredModelRouter
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.tiered_routing.tier_router import Target
from gearshift.types import Cause, Deployment

SMALL = Target(Deployment("u", "small"), "ollama", "simple")
LARGE = Target(Deployment("u", "large"), "ollama", "complex")
TOPOLOGY = Topology({"simple": (SMALL,), "complex": (LARGE,)})


class Scorer:
    name, version = "own", "1"

    def __init__(self, result):
        self._result = result

    def score(self, text_or_messages):
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


def result(**changes: Any):
    given: dict[str, Any] = {
        "score": 1.0,
        "factors": {},
        "contributions": {},
        "tier": "simple",
        "threshold": 3.0,
    }
    return ComplexityResult(**(given | changes))


def decide(of_scorer, **quality):
    planner = Planner(
        TieredModelRouter(scorer=Scorer(of_scorer)), "hash", QualitySettings(**quality)
    )
    return planner.plan(chat_request("What time is it?"), TOPOLOGY).decision


@pytest.mark.parametrize(
    "of_scorer",
    [
        *(None, 3.0, "simple", {"score": 1}, SimpleNamespace(score=1.0, tier="simple")),
        *(result(tier="huge"), result(tier=None), result(tier=["simple"])),
        *(result(score=score) for score in (math.nan, math.inf, -0.1, 10.1, "3", None, True)),
        *(result(threshold=threshold) for threshold in (math.nan, None, "3")),
        *(result(factors=factors) for factors in (None, [1.0], {"x": math.nan}, {"x": "1"})),
        result(contributions={"x": None}),
        *(ValueError("a prompt"), KeyError("x"), RecursionError()),
    ],
    ids=repr,
)
@pytest.mark.parametrize("quality", [{}, {"explore_share": 0.5, "explore_band": 10.0}])
def test_the_last_tier_answers_and_the_decision_says_why(of_scorer, quality, caplog):
    decision = decide(of_scorer, **quality)
    assert (decision.tier, decision.model) == ("complex", "large")
    assert decision.cause is Cause.SCORER_FAILED
    assert decision.score is None
    assert decision.propensity == 1.0
    assert not decision.movable
    assert decision.reason.startswith("the scorer failed: ")
    assert "a prompt" not in decision.reason + caplog.text
    assert "'own' failed" in caplog.text


def test_a_failure_is_logged_once(caplog):
    planner = Planner(TieredModelRouter(scorer=Scorer(ValueError())), "hash")
    for _ in range(5):
        planner.plan(chat_request("hi"), TOPOLOGY)
    assert caplog.text.count("failed") == 1
    assert "test_scorer_checks.py, line" in caplog.text


@pytest.mark.parametrize("explore_share", [0.0, 1.0])
def test_bounds_may_be_left_out(explore_share):
    decision = decide(result(), explore_share=explore_share, explore_band=10.0)
    assert decision.tier == ("complex" if explore_share else "simple")
    assert decision.score == 1.0


def test_factors_of_its_own_are_told():
    found = result(score=5, tier="complex", factors={"mood": 2}, contributions={"mood": 5.0})
    decision = decide(found)
    assert (decision.tier, decision.cause) == ("complex", Cause.SCORED)
    assert "mood 2" in decision.reason


def test_a_named_tier_needs_no_score():
    planner = Planner(TieredModelRouter(scorer=Scorer(ValueError())), "hash")
    decision = planner.plan(chat_request("hi", tier="simple"), TOPOLOGY).decision
    assert (decision.tier, decision.cause) == ("simple", Cause.FORCED)


def test_a_failing_scorer_does_not_matter_where_routing_is_off():
    router = TieredModelRouter(scorer=Scorer(ValueError()))
    assert router.route("hi")[0] == "mistral:7b-instruct"
    assert router.route("hi")[1].failure
