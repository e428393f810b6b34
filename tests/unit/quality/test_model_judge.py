"""The model as a judge: blind, in both orders, and not taken at its word."""

import pytest

from gearshift.client.requests import chat_request
from gearshift.quality.model_judge import ModelJudge, combined, judge_messages, read_choice
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
    ("weak_first", "strong_first", "verdict", "position", "scores"),
    [
        ("A", "B", Verdict.WIN, None, (1.0, 0.0)),
        ("B", "A", Verdict.LOSS, None, (0.0, 1.0)),
        ("A", "A", Verdict.TIE, "first", (0.5, 0.5)),
        ("B", "B", Verdict.TIE, "second", (0.5, 0.5)),
        ("tie", "tie", Verdict.TIE, None, (0.5, 0.5)),
        ("tie", "A", Verdict.LOSS, None, (0.25, 0.75)),
        ("tie", "B", Verdict.WIN, None, (0.75, 0.25)),
        ("B", "tie", Verdict.LOSS, None, (0.25, 0.75)),
        ("A", "tie", Verdict.WIN, None, (0.75, 0.25)),
        (None, "A", Verdict.MALFORMED, None, (None, None)),
        ("A", None, Verdict.MALFORMED, None, (None, None)),
    ],
)
def test_both_orders_make_one_verdict(weak_first, strong_first, verdict, position, scores):
    found = combined(weak_first, strong_first)
    assert (found.verdict, found.position) == (verdict, position)
    assert (found.weak_score, found.strong_score) == scores


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


async def test_the_first_try_is_at_zero_and_the_others_are_not():
    model = Replies("?", "?", better("A"), better("B"))
    judge = ModelJudge(model)
    await judge.judge(PAIR)
    assert judge.name == "model"
    options = [request.options for request, _ in model.asked]
    assert [one["temperature"] for one in options] == [0.0, 0.7, 0.7, 0.0]
    for one in options:
        assert one["max_tokens"] == 40
        schema = one["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["better"]["enum"] == ["A", "B", "tie"]
    assert [name for _, name in model.asked] == [None] * 4


async def test_who_is_never_understood_is_asked_three_times_in_each_order():
    model = Replies(*["?"] * 6)
    assert (await ModelJudge(model).judge(PAIR)).verdict is Verdict.MALFORMED
    assert model.replies == []


def test_the_judge_sees_the_conversation_and_both_answers_between_marks():
    turns = [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "One"}, {"text": "Two"}, {}, "x"]},
        {"role": "assistant", "content": None},
    ]
    rubric, shown = judge_messages(turns, "first words", "second words")
    assert rubric["role"] == "system"
    assert rubric["content"].startswith("You compare two answers")
    assert shown == {
        "role": "user",
        "content": (
            "<conversation>\n[system]\nBe short.\n\n[user]\nOne\nTwo\n\n\n[assistant]\n\n"
            "</conversation>\n\n<answer_A>\nfirst words\n</answer_A>\n\n"
            "<answer_B>\nsecond words\n</answer_B>\n\nWhich answer is better?"
        ),
    }


def test_of_a_long_conversation_the_end_is_shown_and_of_long_answers_the_beginning():
    turns = [{"role": "user", "content": "q" * 9_000 + "Q"}]
    _, shown = judge_messages(turns, "A" + "a" * 9_000, "B" + "b" * 9_000)
    text = shown["content"]
    assert "<conversation>\n" + "q" * 7_999 + "Q\n" in text
    assert "\nA" + "a" * 7_999 + "\n</answer_A>" in text
    assert "\nB" + "b" * 7_999 + "\n</answer_B>" in text


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        (better("A"), "A"),
        (better("B") + " }", None),
        ("{" + better("B"), None),
        (f"x{better('B')}y", "B"),
        ('{"better": null}', None),
        ('{"worse": "A"}', None),
        ('{"better": "a"}', None),
    ],
)
def test_a_choice_stands_between_the_outermost_braces(text, choice):
    assert read_choice(text) == choice
