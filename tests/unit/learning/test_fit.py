import numpy as np
import pytest
from tests.fakes.traffic import outcomes

from gearshift.evaluation.measures import Ranking
from gearshift.evaluation.outcomes import Outcomes
from gearshift.learning.cross_validation import folds_of, held_out_scores
from gearshift.learning.features import read_prompts
from gearshift.learning.fit import _complete, fit, raw_values, scores_of
from gearshift.tiered_routing.learned_features import FOR_TREES


def made(count, seed=0, **how):
    rows = outcomes(count, seed, **how)
    return Outcomes(
        "made",
        tuple(row["prompt"] for row in rows),
        np.array([row["weak_score"] for row in rows]),
        np.array([row["strong_score"] for row in rows]),
        ("",) * count,
    )


def apgr(scores, data):
    return Ranking(scores, data).measures().apgr


@pytest.fixture(scope="module")
def unseen():
    data = made(400, seed=99)
    return data, read_prompts(data.prompts)


def test_it_learns_which_topics_are_hard(unseen):
    data, prompts = unseen
    train = made(300)
    model = fit(read_prompts(train.prompts), train.gap)
    learned = apgr(scores_of(model, prompts), data)
    assert learned > 0.6  # .65 is what knowing the topic is worth, with this noise
    assert learned > apgr(prompts.rule_scores, data) + 0.05


def test_the_same_seed_gives_the_same_model():
    train = made(120)
    prompts = read_prompts(train.prompts)
    first, second = (fit(prompts, train.gap, seed=3) for _ in range(2))
    assert np.array_equal(raw_values(first, prompts), raw_values(second, prompts))
    other = fit(prompts, train.gap, seed=4)
    assert not np.array_equal(raw_values(first, prompts), raw_values(other, prompts))


def test_too_few_labels_or_nothing_to_learn_leave_the_rule(unseen):
    _, prompts = unseen
    few = made(29)
    for model in (
        fit(read_prompts(few.prompts), few.gap),
        fit(prompts, np.ones(len(prompts))),
    ):
        assert model.facts == {"labels": 0}
        assert scores_of(model, prompts) == pytest.approx(prompts.rule_scores)


def test_with_few_labels_it_is_near_the_rule_and_with_many_far_from_it(unseen):
    _, prompts = unseen
    likeness = []
    for count in (40, 1_500):
        train = made(count, seed=count)
        scores = scores_of(fit(read_prompts(train.prompts), train.gap), prompts)
        likeness.append(np.corrcoef(scores, prompts.rule_scores)[0, 1])
    assert likeness[0] > likeness[1] + 0.3


def test_the_threshold_keeps_its_meaning():
    train = made(600)
    prompts = read_prompts(train.prompts)
    threshold = float(np.quantile(prompts.rule_scores, 0.6)) or 0.5
    share = float((prompts.rule_scores >= threshold).mean())
    model = fit(prompts, train.gap, threshold=threshold)
    scores = raw_values(model, prompts)
    calibrated = np.array([model.calibration.score(value) for value in scores])
    assert (calibrated >= threshold).mean() == pytest.approx(np.clip(share, 0.02, 0.98), abs=0.02)


def test_complete_trees_answer_as_those_of_scikit_learn():
    random = np.random.default_rng(1)
    seen = random.normal(size=(500, len(FOR_TREES))).astype(np.float32)
    target = seen[:, 0] * (seen[:, 1] > 0) + random.normal(size=500) / 5
    from sklearn.ensemble import GradientBoostingRegressor  # takes a second

    boosting = GradientBoostingRegressor(n_estimators=30, max_depth=4, init="zero", random_state=0)
    boosting.fit(seen, target)
    trees = _complete([one.tree_ for one in boosting.estimators_[:, 0]], 4)
    answers = [boosting.learning_rate * trees.answer(row.astype(float)) for row in seen[:100]]
    assert answers == pytest.approx(boosting.predict(seen[:100]), abs=1e-6)
    for row in seen[:20].astype(float):
        assert trees.shares(row).sum() == pytest.approx(trees.answer(row))


def test_the_same_prompt_is_never_on_both_sides():
    folds = folds_of(["Hello  there", "hello there", "HELLO THERE ", "other"], seed=5)
    assert len(set(folds[:3].tolist())) == 1
    assert set(folds_of([str(number) for number in range(200)]).tolist()) == set(range(5))


def test_held_out_scores_do_not_know_their_own_labels():
    noise = made(300, noise=0.5)  # labels say nothing about prompts
    prompts = read_prompts(noise.prompts)
    scores = held_out_scores(prompts, noise.gap, folds_of(noise.prompts))
    assert abs(apgr(scores, noise) - 0.5) < 0.12
