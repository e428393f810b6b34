"""The features of many prompts: the same as the scorer sees of each."""

import numpy as np
import pytest

from gearshift.learning.features import Prompts, rarity_of, read_prompts
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.learned_features import GRADED, SLOTS

TEXTS = ("What time is it?", "Explain async vs threads", "What time is it?", "")


@pytest.fixture(scope="module")
def prompts():
    return read_prompts(TEXTS)


def test_each_prompt_has_its_row(prompts):
    assert len(prompts) == 4
    assert prompts.graded.shape == (4, len(GRADED))
    assert np.array_equal(prompts.graded[0], prompts.graded[2])
    for reading, row in zip(prompts.readings, prompts.graded, strict=True):
        assert np.array_equal(reading.graded, row)


def test_the_rules_score_is_among_them(prompts):
    rule = TaskComplexityScorer()
    assert prompts.rule_scores.tolist() == pytest.approx([rule.score(t).score for t in TEXTS])


def test_some_are_chosen_in_the_order_asked_for(prompts):
    some = prompts.select(np.array([1, 0]))
    assert len(some) == 2
    assert some.rule_scores.tolist() == prompts.rule_scores[[1, 0]].tolist()
    assert some.readings[0] is prompts.readings[1]
    assert len(prompts.select([])) == 0


def test_no_prompts_are_no_rows():
    none = read_prompts(())
    assert (len(none), none.graded.shape) == (0, (0, len(GRADED)))
    assert isinstance(none, Prompts)


def test_progress_sees_every_prompt():
    seen = []

    def progress(prompts):
        for prompt in prompts:
            seen.append(prompt)
            yield prompt

    read_prompts(TEXTS, progress)
    assert seen == list(TEXTS)


def test_what_stands_in_fewer_prompts_is_rarer(prompts):
    rarity = rarity_of(prompts)
    assert rarity.shape == (SLOTS,)
    counts = np.zeros(SLOTS)
    for reading in prompts.readings:
        counts[np.unique(reading.slots)] += 1
    for count in np.unique(counts):
        expected = 1 + np.log((1 + len(TEXTS)) / (1 + count))
        assert np.allclose(rarity[counts == count], expected, rtol=1e-3)
    assert rarity.dtype == np.float32
