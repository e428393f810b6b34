"""The scores that scorers are compared with."""

import numpy as np

from gearshift.evaluation.outcomes import Outcomes
from gearshift.evaluation.scoring import baselines, scored

OUTCOMES = Outcomes(
    "made",
    ("a", "bb" * 10, ""),
    np.array([1.0, 0.0, 0.5]),
    np.array([1.0, 1.0, 0.0]),
    ("", "", ""),
)


def test_what_every_scorer_has_to_be_better_than_and_what_none_can_be():
    found = baselines(OUTCOMES, seed=1)
    assert set(found) == {"random", "length", "always-small", "always-large", "oracle"}
    assert found["length"].values.tolist() == [1.0, 20.0, 0.0]
    assert found["length"].threshold is None
    assert found["oracle"].values.tolist() == [0.0, 1.0, -0.5]


def test_who_is_sent_to_the_large_model_at_the_threshold():
    found = baselines(OUTCOMES, seed=1)

    def large(name):
        threshold = found[name].threshold
        assert threshold is not None
        return (found[name].values >= threshold).tolist()

    assert large("always-small") == [False] * 3
    assert large("always-large") == [True] * 3
    assert large("oracle") == [False, True, False]  # where it gains something


def test_chance_is_the_same_with_the_same_seed():
    one, two, other = (baselines(OUTCOMES, seed)["random"].values for seed in (1, 1, 2))
    assert one.tolist() == two.tolist() != other.tolist()
    assert all(0 <= value < 1 for value in one)


def test_a_scorer_is_asked_once_for_each_prompt_in_their_order():
    asked, shown = [], []

    def score(prompt):
        asked.append(prompt)
        return float(len(prompt))

    def progress(prompts):
        for prompt in prompts:
            yield prompt
            shown.append(prompt)

    found = scored(score, 3.0, OUTCOMES.prompts, progress)
    assert (found.values.tolist(), found.threshold) == ([1.0, 20.0, 0.0], 3.0)
    assert asked == shown == list(OUTCOMES.prompts)
    assert scored(score, 3.0, (), iter).values.tolist() == []
