"""What is near the threshold, and which share of it explores."""

from collections import Counter

import pytest

from gearshift.client.requests import chat_request
from gearshift.config.loading import Settings
from gearshift.config.sections.quality import QualitySettings
from gearshift.interface import LLMInterface
from gearshift.planning.decision_ids import DecisionIds, exploration_hash, sampling_hash
from gearshift.planning.exploration import is_explored, other_side
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.types import Cause


def deciding(**quality):
    return LLMInterface(Settings.model_validate({"quality": quality}))


def test_draws_are_uniform_and_belong_to_the_id():
    ids = [DecisionIds().next() for _ in range(4_000)]
    assert [sampling_hash(one) for one in ids] == [sampling_hash(one) for one in ids]
    for number_of in (sampling_hash, exploration_hash):
        assert sum(number_of(one) < 0.25 for one in ids) == pytest.approx(1_000, abs=150)
    both = sum(sampling_hash(one) < 0.5 and exploration_hash(one) < 0.5 for one in ids)
    assert both == pytest.approx(1_000, abs=150)


def test_a_share_of_what_is_near_the_threshold_explores():
    llm = deciding(explore_share=0.2, explore_band=2.0)
    request = chat_request("Explain async vs threads")  # scores 4.17
    decisions = [llm.decide(request) for _ in range(500)]
    counts = Counter((one.tier, one.cause) for one in decisions)
    assert counts["simple", Cause.EXPERIMENT] == pytest.approx(100, abs=45)
    assert set(counts) == {("simple", Cause.EXPERIMENT), ("complex", Cause.SCORED)}
    for one in decisions:
        assert one.propensity == pytest.approx(0.2 if one.tier == "simple" else 0.8)


def test_nothing_far_from_it_does():
    llm = deciding(explore_share=0.5, explore_band=0.5)
    decisions = [llm.decide(chat_request("Explain async vs threads")) for _ in range(50)]
    assert {(one.tier, one.propensity) for one in decisions} == {("complex", 1.0)}


def test_only_what_can_be_judged_is_drawn():
    llm = deciding(shadow_share=1.0)
    assert llm.decide(chat_request("What time is it?")).sample_rate == 1.0
    assert llm.decide(chat_request("What time is it?", tier="simple")).sample_rate is None
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    assert (
        llm.decide(chat_request("What time is it?", options={"tools": [tool]})).sample_rate is None
    )
    assert deciding().decide(chat_request("What time is it?")).sample_rate is None


def side(score, tier="b", *, threshold=4.0, tiers="abc", share=0.1, band=1.0):
    result = ComplexityResult(score, {}, {}, tier, threshold)
    settings = QualitySettings(explore_share=share, explore_band=band)
    return other_side(result, tuple(tiers), settings)


@pytest.mark.parametrize(
    ("score", "other"),
    [(2.99, None), (3.0, "c"), (3.99, "c"), (4.0, "a"), (5.0, "a"), (5.01, None)],
)
def test_the_other_side_is_that_of_the_threshold_and_only_near_it(score, other):
    # The threshold is the bound above the tier, or for the last tier the one below it.
    assert side(score) == other


def test_there_is_nothing_beyond_the_first_and_the_last_tier():
    assert side(4.0, "a") is None
    assert side(3.9, "a") == "b"
    assert side(3.9, "c") is None
    assert side(4.0, "c") == "b"
    assert side(4.0, "b", tiers="ab") == "a"


def test_a_share_of_nothing_explores_nothing():
    assert side(4.0, share=0.0) is None
    assert side(4.0, share=0.001) == "a"


def test_the_second_draw_decides(monkeypatch):
    settings = QualitySettings(explore_share=0.25)
    for number, expected in ((0.0, True), (0.249, True), (0.25, False)):
        monkeypatch.setattr(
            "gearshift.planning.exploration.exploration_hash", {"dec-1": number}.get
        )
        assert is_explored("dec-1", settings) is expected
