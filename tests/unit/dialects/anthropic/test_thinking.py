"""Budgets and levels of thinking, in both directions."""

import pytest

from gearshift.dialects.anthropic.thinking import (
    BUDGET,
    THINKING,
    effort_of,
    is_amid_calls,
    thinking_for,
    wished,
)

NOTHING = frozenset()


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ({}, None),
        ({"reasoning_effort": "low"}, "low"),
        ({"reasoning_effort": "none"}, "none"),
        ({"reasoning_effort": "huge"}, None),
        ({"chat_template_kwargs": {"enable_thinking": True}}, "medium"),
        ({"chat_template_kwargs": {"enable_thinking": False}}, "none"),
        ({"chat_template_kwargs": 7}, None),
    ],
)
def test_a_wish_is_a_level(options, level):
    assert wished(options) == level


@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_a_level_survives_as_a_budget(level):
    written = thinking_for(level, 100_000, True, NOTHING)
    assert effort_of(written["thinking"], None) == {"reasoning_effort": level}


def test_thoughts_are_a_part_of_a_given_limit_and_come_on_top_of_ours():
    given = thinking_for("high", 8_000, True, NOTHING)
    assert given == {"max_tokens": 8_000, "thinking": {"type": "enabled", "budget_tokens": 4_000}}
    ours = thinking_for("high", 8_000, False, NOTHING)
    assert ours["max_tokens"] == 8_000 + ours["thinking"]["budget_tokens"]


def test_a_limit_too_small_to_think_leaves_no_thoughts():
    assert thinking_for("high", 2_047, True, NOTHING) == {"max_tokens": 2_047}
    assert "thinking" in thinking_for("high", 2_048, True, NOTHING)


def test_what_the_model_does_not_take_is_said_otherwise_or_not_at_all():
    adaptive = thinking_for("xhigh", 9, True, frozenset({BUDGET}))
    assert adaptive["thinking"] == {"type": "adaptive"}
    assert adaptive["output_config"] == {"effort": "high"}
    assert thinking_for("low", 9, True, frozenset({THINKING})) == {"max_tokens": 9}
    assert thinking_for(None, 9, True, NOTHING) == {"max_tokens": 9}
    assert thinking_for("none", 9, True, NOTHING)["thinking"] == {"type": "disabled"}


def test_only_results_of_calls_are_amid_them():
    assert is_amid_calls([{"role": "assistant"}, {"role": "tool"}])
    assert not is_amid_calls([{"role": "tool"}, {"role": "user"}])
    assert not is_amid_calls([])
