"""Alarms that are looked for all the time are hardly ever wrong, and find what is wrong."""

from dataclasses import astuple
from math import inf, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.guarantees.alarms import (
    FALSE_A_MONTH,
    Alarm,
    AlarmFacts,
    Limits,
    alarms,
    stability_index,
)
from gearshift.guarantees.looks import Count, evidence, shown_at_least

LIMITS = Limits(0.1, 0.25, 0.3, 0.1, (0.2, 0.9))
COUNTS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(1, 50)).map(
        lambda one: Count(one[0], one[0] + one[1], one[2])
    ),
    max_size=4,
)


def names_at_any_hour(random, share, days, hourly):
    """The alarms of so many days of hourly looks at the day before, at these true shares."""
    hits = {name: random.binomial(hourly, share[name], days * 24) for name in share}
    found = set()
    for hour in range(24, days * 24):
        n = 24 * hourly
        loss, other, low = (int(hits[name][hour - 24 : hour].sum()) for name in hits)
        day = AlarmFacts(n, other, n, low, n, loss)
        found |= {alarm.name for alarm in alarms(day, LIMITS)}
    return found


def test_months_at_the_limit_hardly_ever_raise_an_alarm():
    random = np.random.default_rng(7)
    share = {"quality": 0.1, "fallbacks": 0.1, "share": 0.2}
    months = [names_at_any_hour(random, share, 30, 10) for _ in range(8)]
    for name in share:
        assert sum(name in month for month in months) <= 8 * FALSE_A_MONTH + 2
    # With a bound that holds for one look nearly every month would have all three.
    assert sum(len(month) for month in months) <= 3


def test_what_is_twice_its_limit_is_found_within_days():
    random = np.random.default_rng(8)
    found = names_at_any_hour(random, {"quality": 0.2, "fallbacks": 0.2, "share": 0.1}, 4, 20)
    assert found == {"quality", "fallbacks", "share"}


def test_the_same_traffic_hardly_ever_drifts():
    random = np.random.default_rng(9)
    wrong = 0
    for _ in range(300):
        hist = [dict(enumerate(random.multinomial(n, np.full(20, 0.05)))) for n in (250, 250)]
        wrong += bool(alarms(AlarmFacts(scores=hist[0], earlier_scores=hist[1]), LIMITS))
    assert wrong == 0


@pytest.mark.parametrize("limit", [0.05, 0.3, 0.9])
def test_wealth_is_a_martingale_at_the_limit_and_falls_below_it(limit):
    for true, wanted in ((limit, 1.0), (limit / 2, None)):
        mean = true * evidence([Count(1, 1)], limit) + (1 - true) * evidence([Count(0, 1)], limit)
        if wanted is None:
            assert mean < 1.0
        else:
            assert mean == pytest.approx(wanted)


@given(COUNTS, st.floats(0.01, 0.99))
def test_what_is_shown_is_above_the_limit_and_below_what_was_seen(counts, limit):
    low = shown_at_least(counts, limit, 0.01)
    if low is not None:
        total = sum(one.weight * one.total for one in counts)
        assert limit <= low <= sum(one.weight * one.hits for one in counts) / total


def test_nothing_is_allowed_where_the_limit_is_nothing():
    assert evidence([Count(1, 100)], 0.0) == inf
    assert evidence([Count(0, 100)], 0.0) == evidence([], 0.0) == 1.0


def test_losses_weigh_by_how_rarely_they_were_judged():
    """Many judged while all went well, few since it does not: the few stand for as many."""
    even = AlarmFacts(judged=2_200, losses=120)
    sampled = [Count(0, 2_000, 1.0), Count(120, 200, 20.0)]
    assert not alarms(even, LIMITS)
    (alarm,) = alarms(AlarmFacts(judged=2_200, losses=120, by_propensity=sampled), LIMITS)
    assert alarm.value == pytest.approx(0.4)


def test_it_takes_all_of_the_evidence_that_the_level_asks_for():
    found = next(n for n in range(1, 200) if evidence([Count(n, n)], 0.5) >= 100.0)
    assert shown_at_least([Count(found, found)], 0.5, 0.01) is not None
    assert shown_at_least([Count(found - 1, found - 1)], 0.5, 0.01) is None


LEVEL = FALSE_A_MONTH / 720
"""What an hour may spend of a month's chance of a wrong alarm."""


def only(day):
    (alarm,) = alarms(day, LIMITS)
    return alarm


def at_least(hits, total, limit):
    low = shown_at_least([Count(hits, total)], limit, LEVEL)
    assert low is not None
    return f"{100 * low:.0f} %"


def test_every_alarm_says_what_was_measured_and_what_to_do():
    assert only(AlarmFacts(judged=1_000, losses=400)) == Alarm(
        "quality",
        0.4,
        0.1,
        f"40 % (at least {at_least(400, 1_000, 0.1)}, limit 10 %) of the small model's answers are "
        "worse than the large one's; lower the threshold (`gearshift tune`) or choose a better "
        "small model",
    )
    assert only(AlarmFacts(compared=500, contradicted=300)) == Alarm(
        "disagreement",
        0.6,
        0.3,
        f"60 % (at least {at_least(300, 500, 0.3)}, limit 30 %) of the judge's verdicts depend on "
        "which answer it reads first; choose another judge_model",
    )
    assert only(AlarmFacts(requests=400, fallbacks=100)) == Alarm(
        "fallbacks",
        0.25,
        0.1,
        f"25 % (at least {at_least(100, 400, 0.1)}, limit 10 %) of the requests were not answered "
        "by their first choice; `gearshift doctor` says why",
    )


def test_the_share_of_the_smallest_tier_may_be_too_low_and_too_high():
    words = "of the scored requests go to the smallest tier, outside of 20 to 90 %"
    assert only(AlarmFacts(scored=1_000, simple=990)) == Alarm("share", 0.99, 0.9, f"99 % {words}")
    assert only(AlarmFacts(scored=1_000, simple=40)) == Alarm("share", 0.04, 0.2, f"4 % {words}")
    assert not alarms(AlarmFacts(scored=1_000, simple=500), LIMITS)
    narrow = Limits(0.1, 0.25, 0.3, 0.1, (0.55, 0.75))
    (alarm,) = alarms(AlarmFacts(scored=1_000, simple=40), narrow)
    assert alarm.message.endswith("outside of 55 to 75 %")


@pytest.mark.parametrize("is_high", [True, False])
def test_each_side_of_the_share_has_half_of_its_chance(is_high):
    limit = LIMITS.simple_share[1] if is_high else 1 - LIMITS.simple_share[0]
    enough = next(n for n in range(1, 999) if evidence([Count(n, n)], limit) >= 2 / LEVEL)
    assert evidence([Count(enough - 1, enough - 1)], limit) >= 1 / LEVEL
    for n, names in ((enough, ["share"]), (enough - 1, [])):
        day = AlarmFacts(scored=n, simple=n if is_high else 0)
        assert [alarm.name for alarm in alarms(day, LIMITS)] == names


def test_a_share_is_shown_at_the_chance_of_an_hour():
    enough = next(n for n in range(1, 99) if evidence([Count(n, n)], 0.1) >= 1 / LEVEL)
    assert only(AlarmFacts(judged=enough, losses=enough)).limit == 0.1
    assert not alarms(AlarmFacts(judged=enough - 1, losses=enough - 1), LIMITS)
    assert only(AlarmFacts(requests=enough, fallbacks=enough)).limit == 0.1
    assert not alarms(AlarmFacts(requests=enough - 1, fallbacks=enough - 1), LIMITS)


def test_a_share_by_weight_is_that_of_those_that_it_stands_for():
    sampled = [Count(10, 100, 2.0), Count(90, 100, 3.0)]
    alarm = only(AlarmFacts(by_propensity=sampled))
    assert alarm.value == pytest.approx((20 + 270) / 500)
    low = shown_at_least(sampled, 0.1, LEVEL)
    assert low is not None
    assert alarm.message.startswith(f"58 % (at least {100 * low:.0f} %, limit 10 %) of the small")


def test_the_index_is_the_sum_over_ten_even_bins():
    before, now = {0: 50, 1: 50}, {0: 80, 1: 20}
    expected = 0.3 * log(0.8 / 0.5) - 0.3 * log(0.2 / 0.5)
    assert stability_index(before, now) == pytest.approx(expected)
    assert stability_index(before, {0: 160, 1: 40}) == pytest.approx(expected)
    assert stability_index(before, before) == 0.0


def test_buckets_of_one_bin_count_together():
    before = dict.fromkeys(range(20), 5)
    within = {bucket: 10 for bucket in range(0, 20, 2)}
    assert stability_index(before, within) == pytest.approx(0.0)
    across = {bucket: 10 for bucket in range(1, 19, 2)} | {0: 5, 18: 5}
    assert stability_index(before, across) == pytest.approx(0.05 * log(1.5) - 0.05 * log(0.5))
    half = {bucket: 10 for bucket in range(10)}
    empty = 0.005 - 0.1  # half an observation of a hundred
    assert stability_index(before, half) == pytest.approx(
        5 * 0.1 * log(2) + 5 * empty * log(0.005 / 0.1)
    )


def test_scores_that_were_never_seen_before_count_to_the_nearest_bin():
    before = {5: 50, 6: 50}
    expected = 0.3 * log(0.8 / 0.5) - 0.3 * log(0.2 / 0.5)
    assert stability_index(before, {1: 30, 5: 50, 6: 20}) == pytest.approx(
        (0.3 - 0.005) * log(0.3 / 0.005) + (0.2 - 0.5) * log(0.2 / 0.5)
    )
    assert stability_index(before, {5: 20, 6: 50, 9: 30}) == pytest.approx(expected)


def test_half_an_observation_stands_for_none():
    found = stability_index({0: 50, 1: 50}, {0: 100})
    assert found == pytest.approx(0.5 * log(2) + (0.005 - 0.5) * log(0.005 / 0.5))
    found = stability_index({0: 100}, {0: 50, 1: 50})
    assert found == 0.0  # the last bin has them all


def test_scores_that_move_are_said_to_with_their_index():
    day = AlarmFacts(scores={0: 4_500, 1: 500}, earlier_scores={0: 2_500, 1: 2_500})
    value = 0.4 * log(0.9 / 0.5) - 0.4 * log(0.1 / 0.5)
    assert astuple(only(day)) == (
        "drift",
        pytest.approx(value),
        0.25,
        "scores are distributed differently than in the week before (stability index "
        f"{value:.2f}, limit 0.25); the threshold was chosen for other traffic",
    )
    back = AlarmFacts(scores=day.earlier_scores, earlier_scores=day.scores)
    assert only(back).value == pytest.approx(value)


@pytest.mark.parametrize("ratio", [1, 4])
def test_scores_have_to_move_farther_than_chance_alone_can(ratio):
    """Of n and ratio * n scores: as far as chi-squared at 37 takes them in that many."""
    value = 0.4 * log(0.9 / 0.5) - 0.4 * log(0.1 / 0.5)
    least = 37 * (1 + 1 / ratio) / (value**0.5 - 0.25**0.5) ** 2
    assert least > 200
    for n, names in ((20 * int(least / 20), []), (20 * int(least / 20) + 20, ["drift"])):
        now = {0: n - n // 10, 1: n // 10}
        before = {0: ratio * n // 2, 1: ratio * n // 2}
        day = AlarmFacts(scores=now, earlier_scores=before)
        assert [alarm.name for alarm in alarms(day, LIMITS)] == names


def test_scores_that_have_moved_as_far_as_they_may_raise_no_alarm():
    day = AlarmFacts(scores={0: 4_500, 1: 500}, earlier_scores={0: 2_500, 1: 2_500})
    by_chance = sqrt(37.0 * (1.0 / 5_000 + 1.0 / 5_000))
    limit = (sqrt(stability_index(day.earlier_scores, day.scores)) - by_chance) ** 2
    for drift, names in ((limit, []), (limit * (1 - 1e-12), ["drift"])):
        found = alarms(day, Limits(0.1, drift, 0.3, 0.1, (0.2, 0.9)))
        assert [alarm.name for alarm in found] == names


@pytest.mark.parametrize("few", [0, 1])
def test_few_scores_say_nothing(few):
    other = {1: 10_000}
    for n, names in ((199, []), (200, ["drift"])):
        half = {0: n // 2, 1: n - n // 2}
        scores, earlier = ({0: n}, {0: 5_000, 1: 5_000}) if few == 0 else (other, half)
        limits = Limits(0.1, 0.01, 0.3, 0.1, (0.2, 0.9))
        found = alarms(AlarmFacts(scores=scores, earlier_scores=earlier), limits)
        assert [alarm.name for alarm in found] == names
