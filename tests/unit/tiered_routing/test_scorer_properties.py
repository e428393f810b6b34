"""What holds for every input: range, sums, purity, tolerance, and time that ends."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.tiered_routing.complexity_scorer import WEIGHTS, TaskComplexityScorer
from gearshift.tiered_routing.features import FACTORS, FeatureReader
from gearshift.tiered_routing.tier_config import TierConfig

SCORER = TaskComplexityScorer()
CONFIG = TierConfig()
READER = FeatureReader()

ANY_TEXT = st.text(st.characters(), max_size=400)
WORDS = st.lists(
    st.sampled_from(
        [
            *("why", "compare", "prove", "design", "write", "python", "function", "if", "then"),
            *("what", "is", "the", "a", "quickly", "3", "first", "theorem", "contract", "loan"),
            *("translate", "typos", "yes", "warum", "und", "der", "为什么", "证明", "なぜ", "왜"),
            *("почему", "لماذا", "क्यों", "```", "\n\n", "1.", "?", "!", '"', "“", "«", "|"),
            *("<context>", "</context>", "$x^2$", "\ud800", "\x00"),
        ]
    ),
    max_size=60,
).map(" ".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "image_url"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
MESSAGES = st.lists(
    JSON
    | st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system", "tool"]), "content": JSON}
    ),
    max_size=6,
)


def check(value: Any) -> None:
    result = SCORER.score(value)
    assert 0.0 <= result.score <= 10.0
    assert set(result.factors) == set(FACTORS)
    assert all(0.0 <= factor <= 3.0 for factor in result.factors.values())
    assert abs(sum(result.contributions.values()) - result.score) < 1e-9
    formula = sum(result.factors[key] * weight for key, weight in WEIGHTS.items()) * 10 / 3
    assert abs(formula - result.score) < 1e-9
    assert result.tier == CONFIG.tier_of(result.score).name
    assert result.reasoning
    assert "\n" not in result.reasoning


@given(ANY_TEXT | WORDS)
def test_any_text(text: str):
    check(text)


@given(MESSAGES | JSON)
def test_any_json(value: Any):
    check(value)


@given(WORDS, st.text(" \t\n", max_size=20), st.text(" \t\n", max_size=20))
def test_padding_makes_no_difference(text: str, before: str, after: str):
    assert SCORER.score(before + text + after) == SCORER.score(text)


@given(WORDS)
def test_a_text_and_its_message_score_alike(text: str):
    assert SCORER.score(text) == SCORER.score([{"role": "user", "content": text}])


@given(WORDS)
def test_the_same_text_scores_the_same(text: str):
    assert SCORER.score(text) == SCORER.score(text)


@given(
    st.tuples(*[st.floats(0, 3)] * 5),
    st.sampled_from(range(5)),
    st.floats(0, 3),
)
def test_the_formula_rises_with_every_factor(
    factors: tuple[float, ...], raised: int, higher: float
):
    changed = [*factors]
    changed[raised] = max(factors[raised], higher)
    low = SCORER._result(factors[0], factors[1:], False, "")
    high = SCORER._result(changed[0], changed[1:], False, "")
    assert high.score >= low.score - 1e-12


def test_the_formula_spans_0_to_10():
    assert SCORER._result(0.0, (0.0,) * 4, False, "").score == 0.0
    assert SCORER._result(3.0, (3.0,) * 4, False, "").score == 10.0


@settings(max_examples=20)
@given(st.text(st.characters(), min_size=1, max_size=20), st.integers(1, 2000))
def test_any_text_many_times_over(text: str, times: int):
    check(text * times)


@pytest.mark.parametrize(
    "unit",
    [
        *("when and ", "first ", "first then ", "\n", "1", "1. ", "if ", "a", " ", "\x00"),
        *('"', "“", "„", "«", "「", "`", "```", "<", "<context>", "<a>", "</context>", "$", "\\"),
        *("\n\n", "\t", "=", "(", "[", "{", "_", "\ud800", "e\u0301", "为什么", "ﷺ", "🙂", "?"),
        *("def f(", "select * from ", "title conversation ", "generate a title ", "Question:"),
    ],
)
def test_a_megabyte_of_anything_ends(unit: str):
    text = unit * (1_000_000 // len(unit))
    check(text)
    check([{"role": "user", "content": text}, {"role": "user", "content": "yes"}])
    assert READER.read(text).truncated
