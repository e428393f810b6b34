"""A remembered score is the score."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.result_cache import ResultCache

REMEMBERING, FORGETFUL = TaskComplexityScorer(), TaskComplexityScorer(remembered=0)
WORDS = "Explain why the sky is blue, step by step, and prove it with code. "
TURNS = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "user", "assistant"]),
            "content": st.one_of(
                st.sampled_from(
                    ["yes", "go on", WORDS, WORDS * 3, " " * 200, "<context>" + WORDS * 3]
                ),
                st.sampled_from(
                    ["Generate a concise title for this conversation, 3-5 words. " * 4]
                ),
                st.none(),
                st.just([{"type": "text", "text": WORDS * 2}]),
            ),
        }
    ),
    min_size=1,
    max_size=4,
)


@given(TURNS)
def test_it_is_the_same_with_and_without_memory(turns):
    expected = FORGETFUL.score(turns)
    for _ in range(2):
        assert REMEMBERING.score(turns) == expected


def test_the_oldest_goes_first_and_long_texts_are_not_kept():
    memory: ResultCache[int] = ResultCache(2)
    keys = [memory.key(text, "") for text in ("a", "b", "c")]
    for number, key in enumerate(keys):
        memory.put(key, number)
    assert [memory.get(key) for key in keys] == [None, 1, 2]
    assert memory.key("a" * 100_000, "") is None


SHORT = {"role": "user", "content": "yes"}
OFFER = {"role": "assistant", "content": "Shall I prove it?"}
SYSTEM = {"role": "system", "content": "You are kind."}


@pytest.mark.parametrize(
    "messages", ["text", [], [1], [OFFER, SHORT], [SYSTEM, OFFER, SHORT], [SHORT, SHORT]]
)
def test_what_may_depend_on_more_is_not_remembered_by_its_last_turn(messages):
    assert ResultCache(2).conversation_key(messages) is None


def test_a_turn_that_is_alone_is_remembered_however_short_it_is():
    keys = [ResultCache(2).conversation_key(turns) for turns in ([SHORT], [SYSTEM, SHORT])]
    assert None not in keys
    assert keys[0] != keys[1]
    long = {**SHORT, "content": WORDS * 3}
    both = [ResultCache(2).conversation_key(turns) for turns in ([long], [SHORT, OFFER, long])]
    assert None not in both
    assert both[0] != both[1]


def test_what_leans_on_other_turns_is_not_remembered_by_its_last_turn():
    """A message can be long, and yet nothing but an attachment and a word."""
    hard = "Compare optimistic and pessimistic locking for a booking system"
    last = {"role": "user", "content": "this? data:image/png;base64," + "iVBORw0KGgo=" * 40}
    assert REMEMBERING.score([last]).tier == "simple"
    assert REMEMBERING.score([{"role": "user", "content": hard}, last]).tier == "complex"
    assert REMEMBERING.score([last]).tier == "simple"


def test_many_threads_may_use_it():
    memory: ResultCache[int] = ResultCache(4)
    keys = [memory.key(str(number), "") for number in range(64)]

    def put(start: int) -> None:
        for number in range(20_000):
            memory.put(keys[(start + number) % 64], number)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(put, range(0, 64, 16)))
    finally:
        sys.setswitchinterval(before)
    assert sum(memory.get(key) is not None for key in keys) == 4
