"""Of a long text so much is read that no text takes long, and what is asked is among it."""

import base64
import random

import pytest

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.conversation import task_of
from gearshift.tiered_routing.excerpt import CUT, HEAD, TAIL, excerpt, where_few

HARD = "Compare optimistic and pessimistic locking for a booking system, and prove which is safe"
IMAGE = base64.b64encode(random.Random(3).randbytes(90_000)).decode()
MATERIAL = "The lamp is green and the shelf is wide. " * 1_000
SCORER = TaskComplexityScorer(remembered=0)
UNITS = (
    *("\n", " ", "1", '"', "<", "a", "为什么", "<context>", "<|im_start|>user\nhi<|im_end|>\n"),
    *("User: a\n", "[INST]", "### User:\n", "<|fim_prefix|>", "data:a/b;c=d,", "A1bC" * 16 + "\n"),
)


def test_a_short_text_is_read_as_it_is():
    text = "a" * (HEAD + TAIL)
    assert excerpt(text) is text


def test_of_a_long_text_head_and_tail_are_read():
    text = f"{MATERIAL}{HARD}"
    found = excerpt(text)
    assert found == f"{text[:HEAD]}{CUT}{text[-TAIL:]}"


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_how_much_is_read_does_not_grow_with_the_text(unit):
    texts = [unit * (size // len(unit)) for size in (100_000, 3_000_000)]
    for text in texts:
        content = [{"type": "text", "text": text}] * 500
        for asked in (text, [{"role": "user", "content": content}]):
            assert len(task_of(asked).text) <= HEAD + TAIL + 50_000
        SCORER.score(text)  # under the time limit of every test


def test_what_stands_between_two_images_is_read():
    image = f"![a picture](data:image/png;base64,{IMAGE})"
    for text in (f"{image} {HARD} {image}", f"{IMAGE}\n{HARD}\n{IMAGE}"):
        assert HARD in task_of(text).text
        assert SCORER.score(text).tier == "complex"


@pytest.mark.parametrize(
    "text",
    [
        "<file_contents>{0}</file_contents>\n{1}",
        "<file>{0}</file>\n<document>{0}</document>\n{1}",
        "{1}\n<file_contents>{0}</file_contents>\n<environment_details>{0}</environment_details>",
        "<attachments><file>{0}</file></attachments>\n<user_query>{1}</user_query>",
        "<context>{0}\n<user_query>{0}",
    ],
)
def test_blocks_may_be_longer_than_what_is_read(text):
    for asked in ("What time is it?", HARD):
        found = task_of(text.format(MATERIAL, asked))
        if "{1}" in text:
            assert found.text.strip() == asked


def test_the_result_says_that_the_middle_was_left_out():
    assert SCORER.score(f"<file>{MATERIAL}</file>hello").truncated is False
    assert SCORER.score(f"{MATERIAL}{HARD}").truncated is True
    end = "<rules>green</rules>" * 700
    assert SCORER.score(f"{HARD}\n{MATERIAL}{end}").truncated is True


def test_a_text_with_many_signs_is_cut_where_there_are_few():
    assert where_few("a<b", "<", 1) == "a<b"
    found = where_few("<" * 5_000, "<", 100)
    assert found.count("<") <= 100


def test_turns_without_words_are_looked_through_up_to_a_bound():
    asked = {"role": "user", "content": HARD}
    result = {"role": "user", "content": [{"type": "tool_result", "content": "done"}]}
    long = {"role": "user", "content": f"<file>{MATERIAL[:20_000]}</file>"}
    assert task_of([asked, *[result] * 1_000]).text == HARD
    assert task_of([asked, *[long] * 3]).text == HARD
    assert task_of([asked, *[long] * 100]).text == ""
