"""A finished request as the log keeps it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.finished import finished
from tests.fakes.logs import ACCOUNTING

from gearshift.decision_log.rows import (
    COLUMNS,
    RowMaker,
    Sums,
    bucket_of,
    clean,
    prompt_of,
    seconds_of,
    tokens_of,
)
from gearshift.types import Cause, Usage

NO_CACHE = [0.0] * 5


@pytest.mark.parametrize("seconds", [0.0001, 0.01, 0.5, 1.0, 3.3, 120.0, 600.0])
def test_a_time_comes_back_at_most_6_percent_off(seconds):
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.065)


def maker(*, with_prompts=False, salt=b"salt"):
    return RowMaker(salt, ACCOUNTING, with_prompts)


def row(event, **how):
    return dict(zip(COLUMNS, maker(**how).row(event)[0], strict=True))


def test_a_row_holds_what_is_known_of_a_request():
    event = finished(attempts=(("a/m", "busy"), ("b/m", "busy")), client="app", load_seconds=2.0)
    event = event._replace(
        decision=event.decision._replace(
            arms="try:new", sample_rate=0.25, movable=True, propensity=0.5
        )
    )
    found = row(event)
    assert found["id"] == event.decision.id
    assert (found["tier"], found["model"], found["upstream"]) == ("simple", "gemma2:2b", "local")
    assert (found["cause"], found["score"], found["technical"]) == ("scored", 2.5, 2.0)
    assert (found["prompt_tokens"], found["completion_tokens"]) == (100, 50)
    assert (found["failed_attempts"], found["client"], found["load_seconds"]) == (2, "app", 2.0)
    assert (found["arms"], found["drawn"], found["movable"]) == ("try:new", 0.25, True)
    assert found["propensity"] == 0.5
    assert found["flops"] == 2 * 2.614e9 * 130
    assert found["baseline_flops"] == 2 * 7.248e9 * 130
    assert found["prompt_characters"] == len("my secret words")


def test_words_and_sessions_are_hashed_with_the_databases_own_salt():
    found, other = row(finished()), row(finished(), salt=b"other")
    assert found["prompt"] is None
    assert "secret" not in str(found)
    assert "my session" not in str(found)
    for name in ("prompt_hash", "session_hash"):
        assert len(found[name]) == 32
        assert found[name] != other[name]
        assert found[name] == row(finished())[name]
    assert row(finished(prompt=""))["prompt_hash"] is None
    assert row(finished(), with_prompts=True)["prompt"] == "my secret words"


def test_what_was_not_scored_has_no_factors():
    event = finished()
    event = event._replace(decision=event.decision._replace(score=None))
    assert [row(event)[name] for name in ("score", "length", "code")] == [None] * 3


def test_what_was_not_counted_is_empty():
    found = row(finished(usage=None))
    names = ("prompt_tokens", "completion_tokens", "cached_tokens", "flops", "baseline_flops")
    assert [found[name] for name in names] == [None] * 5


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("a\0b", "ab"),
        ("\ud800é", "?é"),
        ("é\0", "é"),
        ("", ""),
    ],
)
def test_every_database_takes_what_is_left_of_a_text(text, kept):
    assert clean(text) == kept


@pytest.mark.parametrize(
    ("usage", "kept"),
    [
        (Usage(1, 2, 3), (1, 2, 3)),
        (Usage(1, 2, 3, 1), (1, 2, 3)),
        (Usage(-1, 2**31, 2**31 - 1), (0, 2**31 - 1, 2**31 - 1)),
    ],
)
def test_tokens_fit_into_their_columns(usage, kept):
    assert tokens_of(usage) == kept


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        ([], ""),
        ([{"role": "system", "content": "s"}], ""),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "a"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}], "b"),
        (
            [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "x"}, 7]}],
            "a",
        ),
        ([{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}], "a\nb"),
        ([{"role": "user", "content": None}], ""),
    ],
)
def test_a_prompt_is_the_users_last_words(messages, prompt):
    assert prompt_of(messages) == prompt


def summed(*events):
    sums = Sums()
    for event in events:
        sums.add(event, maker().row(event)[1])
    return sums


HOUR = 472_222


def at_hour(tier="simple", **changes):
    return finished(tier, time=HOUR * 3600.0 + 1, **changes)


def test_sums_are_by_hour_tier_model_and_cause():
    found = summed(at_hour(), at_hour(), at_hour("complex", cause=Cause.FORCED)).hours
    assert set(found) == {
        (HOUR, "simple", "gemma2:2b", "scored"),
        (HOUR, "complex", "mistral:7b-instruct", "forced"),
    }
    flops, baseline = 2 * 2 * 2.614e9 * 130, 2 * 2 * 7.248e9 * 130
    simple = found[HOUR, "simple", "gemma2:2b", "scored"]
    assert simple == [2, 0, 0, 2, 5.0, 200, 100, 40, flops, baseline, 0, *NO_CACHE]


def test_failures_fallbacks_and_unknown_sizes_are_counted():
    failed = at_hour(status=502, usage=None, fallback="simple->complex")
    ((*_, row),) = summed(failed).hours.items()
    assert row == [1, 1, 1, 1, 2.5, 0, 0, 0, 0, 0, 1, *NO_CACHE]


def test_what_answered_nobody_has_a_row_of_its_own():
    found = summed(at_hour(attempts=(("local/gemma2:2b", "timeout"),))).hours
    assert found[HOUR, "failed", "", "shadow"] == [0.0] * 8 + [2 * 80 * 2.614e9] + [0.0] * 7


def test_only_answers_are_timed():
    found = summed(at_hour(seconds=1.0), at_hour(status=400, seconds=9.0)).times
    timed = {key[2:]: count for key, count in found.items()}
    assert timed == {
        ("total", 0): 1,
        ("first_token", -7): 1,
        ("score", 10): 2,
        ("score_tokens", 10): 2 * 130,
    }


def test_names_are_cut_to_what_their_columns_hold_and_then_added_up():
    long = "x" * 300
    events = [at_hour(long + end) for end in "ab"]
    found = summed(*events).hours
    assert {(tier, model): row[0] for (_, tier, model, _), row in found.items()} == {
        (long[:80], long[:200]): 2
    }
    assert sorted(summed(*events).times.values()) == [2, 2, 2, 260]


@given(st.floats(1e-4, 1e6))
def test_every_time_has_a_bucket_near_it(seconds):
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.065)


def test_nothing_is_quicker_than_the_first_bucket():
    assert bucket_of(0.0) == bucket_of(-1.0) == bucket_of(1e-4) == -80
