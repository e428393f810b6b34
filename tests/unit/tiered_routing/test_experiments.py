"""Who gets which arm."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.client.requests import chat_request
from gearshift.interface import LLMInterface
from gearshift.planning.experiment_routers import ExperimentRouters
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.types import Cause

ARMS = (Arm("low", threshold=1.0), Arm("high", threshold=6.0))


def experiment(name="thresholds", arms=ARMS, **changes):
    return Experiment(name, Dimension.THRESHOLD, arms, **changes)


@given(st.text())
def test_a_session_always_gets_the_same_arm(unit):
    assert experiment().arm_of(unit) == experiment().arm_of(unit)


def test_arms_get_equal_parts_and_the_rest_none():
    found = (experiment(share=0.5).arm_of(f"session {n}") for n in range(8_000))
    counts = Counter(arm and arm.name for arm in found)
    assert counts[None] == pytest.approx(4_000, abs=250)
    assert counts["low"] == pytest.approx(2_000, abs=200)
    assert counts["high"] == pytest.approx(2_000, abs=200)


@pytest.mark.parametrize(
    "other", [experiment("another"), experiment(started=5.0)], ids=["name", "time"]
)
def test_two_experiments_share_no_assignment(other):
    units = [f"session {n}" for n in range(8_000)]
    counts = Counter((experiment().arm_of(unit).name, other.arm_of(unit).name) for unit in units)
    assert all(count == pytest.approx(2_000, abs=200) for count in counts.values())
    assert len(counts) == 4


def test_the_arm_decides_and_the_decision_says_so():
    llm = LLMInterface()
    llm.planner.experiment_routers = ExperimentRouters(
        llm.settings.tiered_routing, llm.router, [experiment()]
    )

    seen = {}
    for number in range(40):
        request = chat_request("Explain async vs threads")  # scores 4.17
        request.session = f"session {number}"
        decision = llm.decide(request)
        assert decision.cause is Cause.EXPERIMENT
        assert decision.propensity == pytest.approx(0.5)
        seen[decision.arms] = (decision.tier, decision.threshold)
    assert seen == {"thresholds:low": ("complex", 1.0), "thresholds:high": ("simple", 6.0)}


def test_where_all_arms_agree_the_choice_was_certain():
    llm = LLMInterface()
    llm.planner.experiment_routers = ExperimentRouters(
        llm.settings.tiered_routing, llm.router, [experiment()]
    )

    assert llm.decide(chat_request("What time is it?")).propensity == pytest.approx(1.0)


def test_models_of_a_tier_can_be_compared():
    llm = LLMInterface()
    names = ("gemma2:2b", "mistral:7b-instruct")
    arms = tuple(Arm(name, models={"simple": name}) for name in names)
    models = Experiment("models", Dimension.MODELS, arms)
    llm.planner.experiment_routers = ExperimentRouters(
        llm.settings.tiered_routing, llm.router, [models]
    )

    found = {llm.decide(chat_request("What time is it?")).model for _ in range(30)}
    assert found == set(names)
