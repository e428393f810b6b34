"""Somebody's own scorer may be wrong in any way: every request is answered, and it is told."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.client.requests import chat_request
from gearshift.config.sections.quality import QualitySettings
from gearshift.pipeline.topology import Topology
from gearshift.planning.planner import Planner
from gearshift.tiered_routing import TieredModelRouter
from gearshift.tiered_routing.candidates import Candidate
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.tiered_routing.scorer_checks import ScorerError, checked, described, failed
from gearshift.types import Cause, Deployment

SMALL = Candidate(Deployment("u", "small"), "ollama", "simple")
LARGE = Candidate(Deployment("u", "large"), "ollama", "complex")
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


BOUNDS = (("simple", 3.0), ("complex", None))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (3.0, "returned float, not a ComplexityResult"),
        (result(score=10.001), "the score is not a number from 0 to 10"),
        (result(score=-0.001), "the score is not a number from 0 to 10"),
        (result(threshold="3"), "the threshold is not a number"),
        (result(threshold=10**400), "the threshold is not a number"),
        (result(tier="huge"), "the tier is none of simple, complex"),
        (result(factors={"x": "1"}), "factors must map names to numbers"),
        (result(factors={"x": 1.0, "y": True}), "factors must map names to numbers"),
        (result(contributions=[1.0]), "contributions must map names to numbers"),
    ],
    ids=repr,
)
def test_what_is_wrong_is_said_in_words_of_ours(wrong, told):
    with pytest.raises(ScorerError) as caught:
        checked(wrong, BOUNDS)
    assert str(caught.value) == told


@pytest.mark.parametrize("score", [0, 0.0, 3, 10, 10.0])
def test_a_result_that_can_be_used_is_copied_with_the_router_s_bounds(score):
    given = result(score=score, threshold=3, bounds=(("other", None),), factors={"x": 1})
    found = checked(given, BOUNDS)
    assert (found.score, found.threshold, found.bounds) == (score, 3.0, BOUNDS)
    assert isinstance(found.score, float)
    assert isinstance(found.threshold, float)
    assert (found.tier, found.factors, found.contributions) == ("simple", {"x": 1}, {})
    assert given.bounds == (("other", None),)


class Unreasoned(ComplexityResult):
    """A result of somebody's own that gives no reason."""

    @property
    def reasoning(self) -> Any:
        return None


def test_the_reasoning_must_be_words():
    with pytest.raises(ScorerError) as caught:
        checked(Unreasoned(1.0, {}, {}, "simple", 3.0), BOUNDS)
    assert str(caught.value) == "the reasoning is not a string"


@pytest.mark.parametrize(
    ("bounds", "threshold"),
    [
        (BOUNDS, 3.0),
        ((("a", 1.0), ("b", 5.0), ("c", None)), 5.0),
        ((("a", 0.0), ("c", None)), 0.0),
        ((("only", None),), 0.0),
    ],
)
def test_the_last_tier_stands_for_a_failure(bounds, threshold):
    found = failed(bounds, "why")
    assert (found.score, found.tier, found.threshold) == (10.0, bounds[-1][0], threshold)
    assert (found.factors, found.contributions) == ({}, {})
    assert (found.bounds, found.failure) == (bounds, "why")
    assert found.reasoning == "the scorer failed: why"


def test_an_error_is_described_by_its_kind_and_place_alone():
    def inner():
        raise KeyError("a prompt")

    def outer():
        inner()

    assert described(ScorerError("in words of ours")) == "in words of ours"
    assert described(KeyError("a prompt")) == "KeyError"
    with pytest.raises(KeyError) as caught:
        outer()
    line = inner.__code__.co_firstlineno + 1
    assert described(caught.value) == f"KeyError in test_scorer_checks.py, line {line}"
