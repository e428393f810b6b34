"""How many places each tier finds, in exact numbers."""

import pytest

from gearshift.pipeline.shares import Shares


def filled(tier, tiers, capacity, *held):
    """How many places a tier gets beside those that are held, and what is left then."""
    shares = Shares()
    for other in held:
        shares.take(other)
    before = shares.held(tier)
    while shares.may_take(tier, frozenset(tiers), capacity):
        shares.take(tier)
    return shares.held(tier) - before, capacity - shares.total


@pytest.mark.parametrize(
    ("tiers", "capacity", "taken"),
    [
        # Alone: all of them.
        ("a", 0, 0),
        ("a", 1, 1),
        ("a", 7, 7),
        # Of two, a quarter of the places is kept for the other one, rounded up.
        ("ab", 0, 0),
        ("ab", 1, 1),
        ("ab", 2, 1),
        ("ab", 3, 2),
        ("ab", 4, 3),
        ("ab", 5, 3),
        ("ab", 8, 6),
        ("ab", 9, 6),
        ("ab", 64, 48),
        # Of three, a sixth for each of the others.
        ("abc", 2, 1),
        ("abc", 3, 1),
        ("abc", 6, 4),
        ("abc", 7, 3),
        ("abc", 12, 8),
        ("abc", 13, 7),
    ],
)
def test_who_comes_alone_gets_what_is_not_kept_for_the_others(tiers, capacity, taken):
    assert filled("a", tiers, capacity) == (taken, capacity - taken)


@pytest.mark.parametrize(
    ("held", "taken"),
    [
        ("", 6),
        ("b", 6),  # one of the two that are kept for it
        ("bb", 6),
        ("bbb", 5),
        ("bbbbbb", 2),
        ("bbbbbbb", 1),
        ("bbbbbbbb", 0),
        ("a", 5),
        ("c", 5),  # a tier that was taken out of the settings
    ],
)
def test_what_the_others_hold_is_no_longer_kept_for_them(held, taken):
    assert filled("a", "ab", 8, *held)[0] == taken


def test_whoever_is_not_among_the_tiers_shares_with_them():
    assert filled("other", "ab", 12)[0] == 8


def test_what_is_given_back_is_there_again():
    shares = Shares()
    assert (shares.total, shares.held("a")) == (0, 0)
    for tier in "aab":
        shares.take(tier)
    assert (shares.total, shares.held("a"), shares.held("b")) == (3, 2, 1)
    shares.give_back("a")
    assert (shares.total, shares.held("a"), shares.held("b")) == (2, 1, 1)
    shares.give_back("a")
    shares.take("a")
    shares.give_back("b")
    assert (shares.total, shares.held("a"), shares.held("b")) == (1, 1, 0)
