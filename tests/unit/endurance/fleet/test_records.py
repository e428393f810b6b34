"""What clients have seen is judged strictly, but for what was broken at that time."""

import pytest
from endurance.fleet.records import MARGIN_SECONDS, Answered, Disturbance, Seen

TIERS = ("simple", "complex")


def turn(began, *, status=200, session="s", tier="simple", upstream="a", **more):
    return Answered("turn", "one", began, began + 1, status, session, tier, upstream, **more)


def seen(*answers, disturbances=()):
    return Seen(list(answers), list(disturbances))


def broken(began, ended, *hosts, parts_state=True):
    return Disturbance("it is broken", began, frozenset(hosts), parts_state, ended)


def test_what_looks_right_and_is_not_has_no_excuse():
    wrong = turn(5, problem="something else")
    assert seen(wrong, turn(6), disturbances=[broken(0, 10, "one")]).wrong() == [wrong]


@pytest.mark.parametrize(
    ("began", "is_excused"),
    [(-2, False), (-0.5, True), (9, True), (10 + MARGIN_SECONDS - 0.1, True), (14, False)],
)
def test_a_failure_is_excused_while_its_replica_is_broken(began, is_excused):
    failed = turn(began, status=503)
    found = seen(failed, disturbances=[broken(0, 10, "one")])
    assert found.failed() == ([] if is_excused else [failed])
    assert found.excused() == is_excused


def test_other_hosts_are_no_excuse():
    failed = turn(5, status=0)
    assert seen(failed, disturbances=[broken(0, 10, "two")]).failed() == [failed]


def test_refusals_of_a_limit_are_no_failures():
    assert seen(turn(5, status=429)).failed() == []


def test_a_limit_may_give_its_bucket_and_what_flows_in_meanwhile():
    answers = [Answered("limited", "one", second, second, 200) for second in range(61)]
    assert seen(*answers).overshoot(30) == (61, 61 / 60 - 1)
    refused = [Answered("limited", "one", second, second, 429) for second in range(61)]
    assert seen(*answers[:30], *refused).overshoot(30)[0] == 30
    assert seen(turn(1)).overshoot(30) == (0, 0.0)


@pytest.mark.parametrize(
    ("after", "is_kept"),
    [
        ({}, True),
        ({"upstream": "b"}, False),
        ({"tier": "complex", "upstream": "b"}, True),
    ],
)
def test_turns_go_where_the_ones_before_went_or_to_a_larger_tier(after, is_kept):
    assert seen(turn(0), turn(2, **after)).stickiness(TIERS) == (1, is_kept)


def test_a_smaller_tier_is_never_where_a_turn_belongs():
    assert seen(turn(0, tier="complex"), turn(2)).stickiness(TIERS) == (1, 0)


def test_turns_are_compared_in_their_order_within_their_conversation():
    found = seen(turn(4), turn(0), turn(2), turn(1, session="t", upstream="b"))
    assert found.stickiness(TIERS) == (2, 2)


@pytest.mark.parametrize(("parts_state", "pairs"), [(True, 0), (False, 1)])
def test_turns_count_that_nothing_has_parted(parts_state, pairs):
    disturbance = broken(0, 1, parts_state=parts_state)
    assert seen(turn(0), turn(2), disturbances=[disturbance]).stickiness(TIERS) == (pairs, pairs)
