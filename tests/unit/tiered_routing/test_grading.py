"""Counts into factors: a table of points, a limit for small requests, a floor for hard ones."""

import pytest

from gearshift.tiered_routing.grading import frames, graded
from gearshift.tiered_routing.kinds import Kind


def counts(**kinds: int) -> list[int]:
    numbers = [0] * len(Kind)
    for name, count in kinds.items():
        numbers[Kind[name]] = count
    return numbers


def weighted(points: tuple[float, float, float, float]) -> float:
    code, technical, multi_step, question = points
    return 0.25 * code + 0.2 * (technical + multi_step + question)


def test_nothing_is_worth_nothing():
    assert graded(counts()) == (0.0, 0.0, 0.0, 0.0)
    assert frames(counts()) == (0.0, 0.0)


def test_frames_are_counted_by_kind_not_by_sign():
    assert frames(counts(LOOKUP=1, PROVE=1)) == frames(counts(LOOKUP=7, PROVE=3)) == (1.5, 3.0)


@pytest.mark.parametrize("many", [1, 40, 41, 10_000])
def test_factors_are_from_0_to_3(many: int):
    for kind in Kind:
        evidence = [many] * len(Kind)
        evidence[kind] = 0
        assert all(0.0 <= factor <= 3.0 for factor in graded(evidence))


def test_a_small_frame_limits_what_terms_can_add_and_keeps_their_order():
    few, more = (graded(counts(DEFINE=1, SPECIALIST_CODE=n, COMMON=n)) for n in (1, 3))
    assert weighted(few) <= weighted(more) < 0.42
    assert weighted(graded(counts(SPECIALIST_CODE=3, COMMON=3))) > 0.42


def test_a_hard_frame_that_nothing_opposes_reaches_the_larger_model():
    assert weighted(graded(counts(ANALYSE=1))) * 10 / 3 > 3.0
    assert weighted(graded(counts(ANALYSE=1, DEFINE=1))) * 10 / 3 < 3.0
