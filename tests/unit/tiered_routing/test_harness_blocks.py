"""The user's words without the elements that coding clients put around them."""

import pytest

from gearshift.tiered_routing.excerpt import CUT
from gearshift.tiered_routing.harness_blocks import without_blocks
from gearshift.tiered_routing.lexicon import harness

MINE = sorted(harness.USER_BLOCKS)[0]


@pytest.mark.parametrize("name", sorted(harness.BLOCKS)[:8])
def test_a_block_of_a_client_is_left_out(name):
    text = f"Fix it\n<{name}>secret files</{name}>\nplease"
    assert without_blocks(text) == "Fix it\nplease"


@pytest.mark.parametrize("name", sorted(harness.USER_BLOCKS))
def test_of_a_text_with_a_block_of_the_user_only_that_counts(name):
    text = f"rules and rules <{name}>\nFix it\n</{name}> more rules"
    assert without_blocks(text).strip() == "Fix it"


def test_the_last_block_of_the_user_is_the_newest():
    text = f"<{MINE}>old</{MINE}> and <{MINE}>new</{MINE}>"
    assert without_blocks(text) == "new"


def test_blocks_within_the_users_own_are_left_out_too():
    text = f"<{MINE}>Fix <context>x</context>it</{MINE}>"
    assert without_blocks(text) == "Fix\nit"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("plain words", "plain words"),
        ("a < b and c > d", "a < b and c > d"),
        ("<div>page</div>", "<div>page</div>"),
        ('<context path="a b">x</context>y', "y"),
        ("<CONTEXT>x</CONTEXT>y", "y"),
        ("<context>never closed", "<context>never closed"),
        ("<context>x</contexts>y", "<context>x</contexts>y"),
        ("<context>a<context>b</context>c", "c"),
        ("<context></context>", ""),
        ("", ""),
    ],
)
def test_only_whole_blocks_with_known_names_are_left_out(text, left):
    assert without_blocks(text) == left


def test_a_block_ends_at_the_latest_where_the_text_was_cut():
    assert without_blocks(f"a <context>begins {CUT} b") == "a\nb"
    assert without_blocks(f"a {CUT} ends</context>b") == f"a {CUT}b"


def test_a_thousand_blocks_that_nobody_closes_are_read_in_time():
    text = "".join(f"<context>{n}" for n in range(1000)) + "words"
    assert without_blocks(text) == text
    names = sorted(harness.BLOCKS)
    text = "".join(f"<{names[n % len(names)]}>{n}" for n in range(2000)) + "words"
    assert without_blocks(text).endswith("words")
