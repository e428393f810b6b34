import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import ConfigError
from gearshift.interface import LLMInterface
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.learned_file import read_model, write_model
from gearshift.tiered_routing.learned_model import LearnedModel
from gearshift.tiered_routing.learned_scorer import DEFAULT_MODEL, LearnedScorer
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig

SCORER = LearnedScorer(remembered=0)
RULE = TaskComplexityScorer(remembered=0)
UNTRAINED = LearnedScorer(model=LearnedModel.untrained(), remembered=0)
WORD_PROBLEM = (
    "A farmer has 12 fields. Each field gives 340 kg of wheat in a dry year and 15% more in a "
    "wet one. How much wheat does the farmer have after two dry years and one wet year?"
)
TEXTS = st.one_of(
    st.text(max_size=400),
    st.lists(st.sampled_from(WORD_PROBLEM.split()), max_size=80).map(" ".join),
)


@given(TEXTS)
def test_a_score_is_in_its_range_and_the_contributions_add_up_to_it(text):
    result = SCORER.score(text)
    assert 0.0 <= result.score <= 10.0
    assert sum(result.contributions.values()) == pytest.approx(result.score, abs=1e-9)
    assert set(result.factors) == {"length", "code", "technical", "multi_step", "question"}
    assert result.tier == ("simple" if result.score < 3 else "complex")
    assert "\n" not in result.reasoning


@given(TEXTS)
def test_without_labels_it_is_the_rule(text):
    learned, rule = UNTRAINED.score(text), RULE.score(text)
    assert learned.score == pytest.approx(rule.score, abs=1e-9)
    assert learned.tier == rule.tier


@given(st.binary(max_size=500))
def test_random_bytes_have_a_score(data):
    SCORER.score(data.decode("latin-1"))
    SCORER.score(data.decode("utf-8", "surrogateescape"))


def test_neither_reason_nor_contributions_quote_the_prompt():
    result = SCORER.score(WORD_PROBLEM.replace("farmer", "zanzibarian"))
    assert "zanzibarian" not in f"{result.reasoning} {dict(result.contributions)}"
    named = set(re.findall(r"[a-z_]+", " ".join(result.contributions)))
    assert not named & {"wheat", "fields", "dry"}


def test_evidence_names_the_prompts_own_words():
    evidence = SCORER.evidence(WORD_PROBLEM, most=4)
    assert len(evidence) == 4
    assert all(one.ngram in WORD_PROBLEM.lower().replace(".", "") for one in evidence)
    sizes = [abs(one.adds) for one in evidence]
    assert sizes == sorted(sizes, reverse=True)
    assert SCORER.evidence("") == ()


def test_what_is_unlike_its_training_is_left_to_the_rule():
    for text in ("hi", "What time is it?", "Tere! Kuidas läheb sul täna, kallis sõber minu?" * 3):
        learned = SCORER.score(text)
        assert learned.tier == RULE.score(text).tier
    assert "the rule counts" in SCORER.score("What time is it?").reasoning


def test_side_calls_and_empty_texts_score_nothing():
    for messages in ("", "   ", [], [{"role": "user", "content": None}]):
        result = SCORER.score(messages)
        assert (result.score, result.tier, result.scorer) == (0.0, "simple", "learned")


def test_a_conversation_is_scored_by_its_task():
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": WORD_PROBLEM},
    ]
    assert SCORER.score(messages) == SCORER.score(WORD_PROBLEM)
    remembering = LearnedScorer()
    first = remembering.score(messages)
    assert remembering.score(messages) is first


def test_tiers_are_those_of_the_configuration():
    tiers = [
        {"name": "small", "below": 2, "deployments": ["a:1b"]},
        {"name": "middle", "below": 6, "deployments": ["b:7b"]},
        {"name": "large", "deployments": ["c:70b"]},
    ]
    scorer = LearnedScorer(TierConfig.model_validate({"tiers": tiers}))
    result = scorer.score(WORD_PROBLEM)
    bounds = {"small": (0, 2), "middle": (2, 6), "large": (6, 10.1)}
    low, high = bounds[result.tier]
    assert low <= result.score < high


def test_the_rule_takes_over_where_a_model_cannot_be_used(tmp_path, caplog):
    file = tmp_path / "damaged.npz"
    file.write_bytes(DEFAULT_MODEL.read_bytes()[:1000])
    llm = LLMInterface(TierConfig(scorer=str(file)))
    assert llm.router.scorer.name == "rule"
    assert f"{file}: is not a scorer model" in caplog.text
    assert "the rule scores" in caplog.text
    with pytest.raises(ConfigError, match="is not a scorer model"):
        load_scorer(TierConfig(scorer=str(file)))


def test_a_model_that_was_exchanged_is_read_again(tmp_path):
    file = tmp_path / "mine.npz"
    write_model(LearnedModel.untrained(), file)
    first = LLMInterface(TierConfig(scorer=str(file)))
    file.write_bytes(DEFAULT_MODEL.read_bytes())
    second = LLMInterface(TierConfig(scorer=str(file)), previous=first)
    assert first.router.scorer.version != second.router.scorer.version


def test_its_version_is_that_of_its_file():
    assert SCORER.version == f"1-{read_model(DEFAULT_MODEL).digest[:12]}"
    assert UNTRAINED.version == "1-new"
