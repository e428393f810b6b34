"""The model as a judge: blind, in both orders, and not taken at its word."""

import pytest

from gearshift.chat_requests import chat_request
from gearshift.quality.model_judge import ModelJudge, combined, read_choice
from gearshift.quality.pair import Pair, Verdict
from gearshift.types import Chunk

PAIR = Pair(chat_request("Why is the sky blue?"), Chunk("weak words"), Chunk("strong words"))


class Replies:
    """A model that says what it was told to say, in turn."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []

    async def __call__(self, request, model):
        self.asked.append((request, model))
        return Chunk(self.replies.pop(0))


def better(choice):
    return f'{{"better": "{choice}"}}'


@pytest.mark.parametrize(
    ("weak_first", "strong_first", "verdict", "position"),
    [
        ("A", "B", Verdict.WIN, None),
        ("B", "A", Verdict.LOSS, None),
        ("A", "A", Verdict.TIE, "first"),
        ("B", "B", Verdict.TIE, "second"),
        ("tie", "tie", Verdict.TIE, None),
        ("tie", "A", Verdict.LOSS, None),
        ("A", "tie", Verdict.WIN, None),
        (None, "A", Verdict.MALFORMED, None),
    ],
)
def test_both_orders_make_one_verdict(weak_first, strong_first, verdict, position):
    found = combined(weak_first, strong_first)
    assert (found.verdict, found.position) == (verdict, position)


async def test_each_answer_stands_first_once_and_no_model_is_named():
    model = Replies(better("A"), better("B"))
    said = await ModelJudge(model, "big").judge(PAIR)
    assert said.verdict is Verdict.WIN
    first, second = (request.messages[-1]["content"] for request, _ in model.asked)
    assert first.index("weak words") < first.index("strong words")
    assert second.index("weak words") > second.index("strong words")
    assert {name for _, name in model.asked} == {"big"}
    assert "Why is the sky blue?" in first
    assert not any(word in first for word in ("gemma", "mistral", "small", "large"))


async def test_what_cannot_be_understood_is_asked_again_and_then_counted():
    model = Replies("Well,", better("A"), better("B"))
    assert (await ModelJudge(model).judge(PAIR)).verdict is Verdict.WIN
    model = Replies(*["A, I think"] * 3, better("B"))
    assert (await ModelJudge(model).judge(PAIR)).verdict is Verdict.MALFORMED
    assert model.replies == []


@pytest.mark.parametrize("text", ["", "A", "{", '{"better": "C"}', '["A"]', '{"better": ["A"]}'])
def test_only_a_clear_choice_is_one(text):
    assert read_choice(text) is None


def test_words_around_the_choice_do_no_harm():
    assert read_choice('Sure! ```json\n{"better": "tie"}\n``` Bye.') == "tie"
