"""Held-out scores: no prompt is judged by a model that has seen it, or its like."""

import numpy as np
import pytest

from gearshift.learning import cross_validation
from gearshift.learning.cross_validation import FOLDS, folds_of, held_out_scores
from gearshift.learning.features import read_prompts


def test_the_same_words_share_a_fold_whatever_their_case_and_spaces():
    same = ["Why  is it so?", "why is it so?", "WHY IS\nIT SO?", " why is it so? "]
    for seed in range(5):
        assert len(set(folds_of(same, seed=seed).tolist())) == 1


def test_prompts_are_spread_over_the_folds_and_a_seed_spreads_them_anew():
    prompts = [f"prompt {number}" for number in range(1000)]
    folds = folds_of(prompts)
    assert set(folds.tolist()) == set(range(FOLDS))
    assert min(np.bincount(folds)) > 150
    assert folds.tolist() == folds_of(prompts).tolist()
    assert folds.tolist() != folds_of(prompts, seed=1).tolist()
    assert set(folds_of(prompts, folds=2).tolist()) == {0, 1}


def test_half_of_a_character_is_no_trouble():
    assert len(folds_of(["\ud800", ""])) == 2


@pytest.fixture
def fitted(monkeypatch):
    """What was fitted on which scores; a model says how many prompts it has seen."""
    calls = []

    def fit(prompts, gap, *, threshold, seed):
        calls.append((len(prompts), gap.tolist(), threshold, seed))
        return len(prompts)

    monkeypatch.setattr(cross_validation, "fit", fit)
    monkeypatch.setattr(
        cross_validation, "scores_of", lambda model, prompts: np.full(len(prompts), float(model))
    )
    return calls


def test_each_prompt_is_scored_by_the_model_that_has_not_seen_its_fold(fitted):
    prompts = read_prompts(["a", "b", "c", "d"])
    gap, folds = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 4, 0, 2])
    scores = held_out_scores(prompts, gap, folds, threshold=4.0, seed=7)
    assert scores.tolist() == [2.0, 3.0, 2.0, 3.0]
    assert fitted == [
        (2, [1.0, 3.0], 4.0, 7),
        (3, [0.0, 1.0, 2.0], 4.0, 7),
        (3, [0.0, 2.0, 3.0], 4.0, 7),
    ]


def test_progress_is_told_by_folds(fitted):
    seen = []

    def progress(folds):
        seen.extend(folds)
        return folds

    prompts = read_prompts(["a", "b"])
    held_out_scores(prompts, np.zeros(2), np.array([3, 1]), progress=progress)
    assert seen == [1, 3]
