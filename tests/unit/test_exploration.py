"""Exploration and drawing, as planning does them."""

from collections import Counter

import pytest

from gearshift.chat_requests import chat_request
from gearshift.decision_ids import DecisionIds, draw, second_draw
from gearshift.interface import LLMInterface
from gearshift.settings import Settings
from gearshift.types import Cause


def deciding(**quality):
    return LLMInterface(Settings.model_validate({"quality": quality}))


def test_draws_are_uniform_and_belong_to_the_id():
    ids = [DecisionIds().next() for _ in range(4_000)]
    assert [draw(one) for one in ids] == [draw(one) for one in ids]
    for drawn in (draw, second_draw):
        assert sum(drawn(one) < 0.25 for one in ids) == pytest.approx(1_000, abs=150)
    both = sum(draw(one) < 0.5 and second_draw(one) < 0.5 for one in ids)
    assert both == pytest.approx(1_000, abs=150)


def test_a_share_of_what_is_near_the_threshold_explores():
    llm = deciding(explore_share=0.2, explore_band=2.0)
    request = chat_request("Explain async vs threads")  # scores 4.17
    decisions = [llm.decide(request) for _ in range(2_000)]
    counts = Counter((one.tier, one.cause) for one in decisions)
    assert counts["simple", Cause.EXPERIMENT] == pytest.approx(400, abs=90)
    assert set(counts) == {("simple", Cause.EXPERIMENT), ("complex", Cause.SCORED)}
    for one in decisions:
        assert one.propensity == pytest.approx(0.2 if one.tier == "simple" else 0.8)


def test_nothing_far_from_it_does():
    llm = deciding(explore_share=0.5, explore_band=0.5)
    decisions = [llm.decide(chat_request("Explain async vs threads")) for _ in range(50)]
    assert {(one.tier, one.propensity) for one in decisions} == {("complex", 1.0)}


def test_only_what_can_be_judged_is_drawn():
    llm = deciding(shadow_share=1.0)
    assert llm.decide(chat_request("What time is it?")).drawn == 1.0
    assert llm.decide(chat_request("What time is it?", tier="simple")).drawn is None
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    assert llm.decide(chat_request("What time is it?", options={"tools": [tool]})).drawn is None
    assert deciding().decide(chat_request("What time is it?")).drawn is None
