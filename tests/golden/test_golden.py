"""Golden cases: the design's examples one by one, labelled prompts as measured rates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer

HERE = Path(__file__).parent


def cases_of(name: str) -> list[dict[str, Any]]:
    # The loader in C: the other takes seconds, in every process that runs tests.
    document = yaml.load((HERE / name).read_text(encoding="utf-8"), yaml.CSafeLoader)
    return list(document["cases"])


SEED = cases_of("seed.yaml")
CONVERSATIONS = cases_of("conversations.yaml")
PROMPTS = cases_of("prompts.yaml") + cases_of("prompts_second.yaml")
LANGUAGES = cases_of("languages.yaml") + cases_of("languages_second.yaml")


@pytest.fixture(scope="module")
def tier_of() -> Callable[[str], str]:
    scorer = TaskComplexityScorer()
    return lambda text: scorer.score(text).tier


def share(facts: Iterable[bool]) -> float:
    known = list(facts)
    return sum(known) / len(known)


@pytest.mark.parametrize("case", SEED, ids=lambda case: case["text"][:40])
def test_seed_case(case: dict[str, Any]):
    result = TaskComplexityScorer().score(case["text"])
    assert result.tier == case["tier"], result.reasoning
    if "score" in case:
        lowest, highest = case["score"]
        assert lowest <= result.score <= highest, result.reasoning


@pytest.mark.parametrize("case", CONVERSATIONS, ids=lambda case: case["id"])
def test_conversation_case(case: dict[str, Any]):
    messages = [{"role": role, "content": content} for role, content in case["messages"]]
    result = TaskComplexityScorer().score(messages)
    assert result.tier == case["tier"], result.reasoning


def test_at_least_85_percent_of_labelled_prompts_get_their_tier(tier_of: Callable[[str], str]):
    assert share(tier_of(case["text"]) == case["tier"] for case in PROMPTS + LANGUAGES) >= 0.85
    assert share(tier_of(case["text"]) == case["tier"] for case in PROMPTS) >= 0.85


def test_at_least_75_percent_in_every_domain(tier_of: Callable[[str], str]):
    by_domain = defaultdict(list)
    for case in PROMPTS:
        by_domain[case["domain"]].append(tier_of(case["text"]) == case["tier"])
    rates = {domain: share(facts) for domain, facts in by_domain.items()}
    assert len(rates) == 16
    assert min(rates.values()) >= 0.75, rates


def test_other_languages_get_the_tier_of_the_english_version(tier_of: Callable[[str], str]):
    english = {c["group"]: tier_of(c["text"]) for c in LANGUAGES if c["language"] == "en"}
    by_language = defaultdict(list)
    for case in LANGUAGES:
        if case["language"] != "en":
            same = tier_of(case["text"]) == english[case["group"]]
            by_language[case["language"]].append(same)
    rates = {language: share(facts) for language, facts in by_language.items()}
    assert len(rates) == 11
    assert share(fact for facts in by_language.values() for fact in facts) >= 0.90, rates
    assert min(rates.values()) >= 0.80, rates


def test_above_prompt_length_at_its_best_threshold(tier_of: Callable[[str], str]):
    sizes = sorted({len(case["text"]) for case in PROMPTS})
    by_length = max(
        share((len(case["text"]) >= size) == (case["tier"] == "complex") for case in PROMPTS)
        for size in sizes
    )
    assert share(tier_of(case["text"]) == case["tier"] for case in PROMPTS) > by_length


def test_cases_that_nobody_looked_at_are_not_far_behind(tier_of: Callable[[str], str]):
    """A guard against learning the other files by heart; benchmarks/golden_rates.py measures."""
    for name in ("held_out.yaml", "held_out_languages.yaml"):
        facts = [tier_of(case["text"]) == case["tier"] for case in cases_of(name)]
        assert share(facts) >= 0.80, name
