"""What is said of the arms of an experiment, by numbers that can be had in another way."""

import numpy as np
import pytest
from scipy.stats import binomtest

from gearshift.guarantees import arms as arms_module
from gearshift.guarantees.arms import ArmData, Compared, Finding, find, in_words, share_interval
from gearshift.guarantees.sequences import Sequence

STAKES = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8])


def arm(name, values, units=None):
    return ArmData(name, len(values) if units is None else units, np.array(values, dtype=float))


def one_sided(count):
    """The p-value of so many pairs that all differ by 1 in the same direction."""
    return 1 / np.mean((1 + STAKES) ** count)


def test_every_arm_is_compared_with_the_first_at_its_part_of_alpha():
    finding = find([arm("a", [0] * 10), arm("b", [1] * 10), arm("c", [0] * 10)], 0.05)
    worse, same = finding.compared
    assert worse.p_value == pytest.approx(2 * one_sided(10) * 2)
    assert (worse.name, worse.estimate, worse.is_better) == ("b", 1.0, False)
    assert (same.name, same.estimate, same.p_value) == ("c", 0.0, 1.0)
    assert (same.is_worse, same.is_better) == (False, False)
    assert finding.ratio_p_value == pytest.approx(1.0)
    assert not finding.is_ratio_wrong


@pytest.mark.parametrize(("arms", "parts"), [(2, 1), (3, 2), (5, 4)])
def test_an_arm_is_named_as_soon_as_its_part_of_alpha_allows(arms, parts):
    alpha = 2 * one_sided(10) * parts
    for factor, is_shown in ((0.99, False), (1.01, True)):
        given = [arm("control", [0] * 10), *(arm(str(n), [1] * 10) for n in range(1, arms))]
        found = find(given, alpha * factor)
        assert found.harmed_by == (tuple(map(str, range(1, arms))) if is_shown else ())
        given[0] = arm("control", [1] * 10)
        given[1:] = [arm(one.name, [0] * 10) for one in given[1:]]
        assert [one.is_better for one in find(given, alpha * factor).compared] == [is_shown] * parts


def test_at_the_very_level_an_arm_is_shown_and_a_division_is_not_wrong(monkeypatch):
    monkeypatch.setattr(arms_module, "counts_p_value", lambda *_: 0.001)
    for p_greater, harmed_by in ((0.025, ("b",)), (1.0, ())):
        said = Sequence(0.1, (0.0, 0.2), 0.05, p_greater, 9)
        monkeypatch.setattr(arms_module, "difference", lambda *_, said=said: said)
        found = find([arm("a", [0]), arm("b", [1])], 0.05)
        assert found.harmed_by == harmed_by
        assert found.compared[0].is_better is not bool(harmed_by)
        assert not found.is_ratio_wrong


@pytest.mark.parametrize("begun", [5, 6, 7])
def test_an_arm_that_began_badly_and_is_shown_to_be_better_is_better(begun):
    """What its beginning says for the other direction is not enough, however near it comes."""
    values = [1] * begun + [0] * 80
    alpha = 2 * one_sided(begun) * 0.99
    found = find([arm("control", [0] * begun + [1] * 80), arm("other", values)], alpha)
    assert found.compared[0].is_better
    assert not found.compared[0].is_worse


def test_the_interval_has_the_level_that_is_left_for_its_arm():
    alone = find([arm("a", [0] * 40), arm("b", [1] * 40)], 0.05)
    three = [arm("a", [0] * 40), arm("b", [1] * 40), arm("c", [1] * 40)]
    assert find(three, 0.1).compared[0].ci == alone.compared[0].ci
    assert find(three, 0.05).compared[0].ci[0] < alone.compared[0].ci[0]


def test_units_not_outcomes_show_a_wrong_division():
    fair = find([arm("a", [0] * 30, 500), arm("b", [0] * 90, 500)], 0.05)
    assert not fair.is_ratio_wrong
    # Each number of units of one arm has the chance 1/(n + 1) in the mixture.
    assert find([arm("a", [], 9), arm("b", [], 0)], 0.05).ratio_p_value == pytest.approx(10 / 2**9)
    nearly, wrong = (find([arm("a", [], n), arm("b", [], 0)], 0.05) for n in (13, 14))
    assert (nearly.ratio_p_value, wrong.ratio_p_value) == pytest.approx((14 / 2**13, 15 / 2**14))
    assert (nearly.is_ratio_wrong, wrong.is_ratio_wrong) == (False, True)


@pytest.mark.parametrize(("hits", "count"), [(0, 12), (1, 12), (5, 12), (11, 12), (12, 12)])
def test_a_share_has_clopper_and_pearsons_interval(hits, count):
    outcomes = np.array([1.0] * hits + [0.0] * (count - hits))
    exact = binomtest(hits, count)
    assert share_interval(outcomes) == pytest.approx(exact.proportion_ci(0.95))
    assert share_interval(outcomes, 0.8) == pytest.approx(exact.proportion_ci(0.8))


def test_without_outcomes_a_share_can_be_anything():
    assert share_interval(np.array([])) == (0.0, 1.0)


def found(*compared, counts=(20, 20), is_ratio_wrong=False):
    arms = tuple(arm(name, [0] * n) for name, n in zip("ab", counts, strict=True))
    return Finding(arms, compared, 1.0, is_ratio_wrong)


WORSE = Compared("b", 0.2, (0.1234, 0.3), 0.001, True, False)
BETTER = Compared("b", -0.2, (-0.3, -0.1234), 0.001, False, True)
NEITHER = Compared("b", 0.0, (-0.05, 0.0612), 1.0, False, False)


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (found(WORSE), "b has more bad answers than a: 12.3 to 30.0 points"),
        (found(BETTER), "b has fewer bad answers than a: 12.3 to 30.0 points"),
        (
            found(NEITHER, WORSE),
            "no difference shown between b and a in bad answers: -5.0 to +6.1 points; "
            "b has more bad answers than a: 12.3 to 30.0 points",
        ),
        (found(WORSE, counts=(19, 99)), "too early: 19 outcomes in the smallest arm"),
        (found(WORSE, counts=(99, 19)), "too early: 19 outcomes in the smallest arm"),
        (
            found(WORSE, counts=(1, 1), is_ratio_wrong=True),
            "the arms did not get their shares of the traffic; do not trust the other figures "
            "until you know why",
        ),
    ],
)
def test_the_words_say_which_way_and_how_much(finding, words):
    assert in_words(finding, "bad answers") == words
