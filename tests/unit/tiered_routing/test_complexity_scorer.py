"""The formula, the buckets, the tiers and the reasoning of TaskComplexityScorer."""

import pytest

from gearshift.tiered_routing.complexity_scorer import (
    WEIGHTS,
    ComplexityResult,
    TaskComplexityScorer,
)
from gearshift.tiered_routing.features import FACTORS
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.tier_config import TierConfig

SCORER = TaskComplexityScorer()


def score(text: str) -> ComplexityResult:
    return SCORER.score(text)


def test_satisfies_the_scorer_protocol():
    scorer: Scorer = SCORER
    assert scorer.name == "rule"
    assert scorer.version


def test_weights_are_the_designs():
    assert WEIGHTS == {
        "length": 0.15,
        "code": 0.25,
        "technical": 0.20,
        "multi_step": 0.20,
        "question": 0.20,
    }
    assert tuple(WEIGHTS) == FACTORS


@pytest.mark.parametrize(
    ("size", "bucket"),
    [(1, 0), (99, 0), (100, 1), (500, 1), (501, 2), (1000, 2), (1001, 3), (50_000, 3)],
)
def test_length_buckets(size: int, bucket: int):
    assert score("a" * size).factors["length"] == bucket


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "Explain async vs threads",
        "Beweise den Satz des Pythagoras",
        "为什么天空是蓝色的?",
    ],
)
def test_score_is_the_formula(text: str):
    result = score(text)
    formula = sum(result.factors[key] * weight for key, weight in WEIGHTS.items()) * 10 / 3
    assert result.score == pytest.approx(formula, abs=1e-9)
    assert sum(result.contributions.values()) == pytest.approx(result.score, abs=1e-9)
    assert tuple(result.factors) == tuple(result.contributions) == FACTORS


def test_threshold_moves_the_tier_and_not_the_score():
    low = TaskComplexityScorer(TierConfig(complexity_threshold=1.0))
    high = TaskComplexityScorer(TierConfig(complexity_threshold=9.5))
    text = "Explain async vs threads"
    assert low.score(text).score == high.score(text).score
    assert low.score(text).tier == "complex"
    assert high.score(text).tier == "simple"
    assert high.score(text).threshold == 9.5


@pytest.mark.parametrize(
    ("text", "tier", "threshold"),
    [
        ("hello", "small", 2.0),
        ("Explain async vs threads", "middle", 6.0),
        (
            "Write a Python script that parses JSON, validates schema, stores in Redis",
            "large",
            6.0,
        ),
    ],
)
def test_more_than_two_tiers(text: str, tier: str, threshold: float):
    config = TierConfig.from_mapping(
        {
            "tiers": [
                {"name": "small", "below": 2, "deployments": ["a"]},
                {"name": "middle", "below": 6, "deployments": ["b"]},
                {"name": "large", "deployments": ["c"]},
            ]
        }
    )
    result = TaskComplexityScorer(config).score(text)
    assert (result.tier, result.threshold) == (tier, threshold)
    assert config.tier_of(result.score).name == tier


def test_reasoning_of_a_complex_request_names_what_decided_and_what_would_flip_it():
    reasoning = score("Explain async vs threads").reasoning
    assert reasoning.startswith("question 3, technical 2, code 1 -> 4.17 >= 3 complex")
    assert "it would be simple" in reasoning
    assert "\n" not in reasoning
    assert reasoning.isascii()


def test_reasoning_of_a_simple_request_says_what_is_missing():
    reasoning = score("List Python string methods").reasoning
    assert "< 3 simple" in reasoning
    assert "would make it complex" in reasoning


def test_reasoning_without_any_evidence():
    assert score("").reasoning.startswith("no sign of complexity -> 0.00 < 3 simple")


def test_reasoning_when_no_single_factor_decides():
    text = "Write a Python script that parses JSON, validates schema, stores in Redis"
    assert "no single factor decides it" in score(text).reasoning


def test_a_long_text_is_read_at_head_and_tail_and_says_so():
    text = "lorem ipsum " * 20_000 + "\n\nProve the theorem."
    result = score(text)
    assert result.truncated
    assert "head and tail" in result.reasoning
    assert result.factors["question"] > 2
    assert not score("lorem ipsum").truncated


@pytest.mark.parametrize(
    ("trap", "factor"),
    [
        ("a letter", "code"),
        ("classic", "code"),
        ("the capital", "technical"),
        ("terrorism", "technical"),
    ],
)
def test_words_inside_words_do_not_count(trap: str, factor: str):
    assert score(trap).factors[factor] == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Explain async vs threads", "Explain async vs thread"),
        ("optimize the query", "optimise the queries"),
        ("Explain async vs threads", "  EXPLAIN   async\nvs THREADS  "),
        ("Warum ist das Meer salzig", "WARUM IST DAS MEER SALZIG"),
        ("Explique a diferença", "explique a diferenca"),
        ("Explain async vs threads", "Ｅｘｐｌａｉｎ ａｓｙｎｃ ｖｓ ｔｈｒｅａｄｓ"),
        ("don't work", "don’t work"),
    ],
)
def test_inflection_case_width_and_accents_make_no_difference(one: str, other: str):
    assert score(one).factors == score(other).factors


def test_a_request_for_code_is_code():
    assert score("write a python function that reverses a list").factors["code"] >= 2
    assert score("```python\ndef area(r):\n    return 3 * r\n```").factors["code"] >= 1
    assert score("what a lovely day").factors["code"] == 0


def test_same_input_same_result_from_two_scorers():
    text = "Compare TCP and UDP for a game server"
    assert score(text) == TaskComplexityScorer().score(text)
