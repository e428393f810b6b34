"""What is plainly wrong with an answer, and what only looks like it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.chat_requests import chat_request
from gearshift.quality.checks import failed_checks
from gearshift.quality.checks_judge import compared
from gearshift.quality.pair import Pair, Verdict
from gearshift.types import Chunk

SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "city",
        "schema": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "people": {"type": "integer"}},
            "required": ["name"],
        },
    },
}


def failed(answer, prompt="Tell me about the harbour, please.", finish="stop", **options):
    return failed_checks(chat_request(prompt, options=options), Chunk(answer, finish_reason=finish))


@pytest.mark.parametrize(
    ("answer", "check"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("I'm sorry, but I can't help with that.", "refusal"),
        ("I’m sorry, but I cannot assist with this request.", "refusal"),
        ("As an AI language model, I do not have feelings about harbours.", "refusal"),
        ("I am unable to provide that.", "refusal"),
        ("Unfortunately, I won't do it.", "refusal"),
        ("Es tut mir leid, aber das kann ich nicht beantworten.", "refusal"),
        ("Lo siento, pero no puedo ayudar.", "refusal"),
        ("抱歉，我无法回答。", "refusal"),
        ("The harbour is old. " + "It is nice. " * 12, "loop"),
        ("The harbour: " + "ab" * 60, "loop"),
    ],
)
def test_what_is_wrong_is_named(answer, check):
    assert check in failed(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Sorry for the delay: the harbour opens at nine.",
        "The captain cannot help you there, but the harbour master can. He can assist anybody.",
        "I can help with that: ask at the gate.",
        "----------------------------------------------------------------------------------------",
        "Ten, nine, eight, seven, six, five, four, three, two, one.",
        "\n".join(f"{number}. ship number {number} of the fleet" for number in range(40)),
    ],
)
def test_what_only_looks_like_it_is_left_alone(answer):
    assert failed(answer) == ()


def test_a_cut_is_wrong_only_where_the_client_did_not_ask_for_it():
    assert failed("The harbour is", finish="length") == ("truncated",)
    assert failed("The harbour is", finish="length", max_tokens=3) == ()


def test_another_language_is_noticed():
    question = "Can you tell me how the ships get into the harbour when the tide is low?"
    german = "Die Schiffe warten draussen vor dem Hafen, bis das Wasser wieder hoch genug steht."
    english = "The ships wait outside of the harbour until the water is high enough again."
    assert failed(german, question) == ("language",)
    assert failed(english, question) == ()


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ('{"name": "Kiel", "people": 247000}', False),
        ('```json\n{"name": "Kiel"}\n```', False),
        ('{"name": 7}', True),
        ('{"people": 1}', True),
        ("Kiel", True),
    ],
)
def test_json_must_fit_the_schema_that_was_asked_for(answer, wrong):
    assert ("json" in failed(answer, response_format=SCHEMA)) is wrong


def test_a_schema_that_nobody_can_read_says_nothing():
    broken = json.loads(json.dumps(SCHEMA))
    broken["json_schema"]["schema"]["type"] = "no such type"
    assert failed('{"name": "Kiel"}', response_format=broken) == ()


@given(st.text(max_size=400), st.text(max_size=3_000), st.sampled_from(["stop", "length", None]))
def test_any_answer_can_be_checked(prompt, answer, finish):
    request = chat_request([{"role": "user", "content": prompt}])
    assert set(failed_checks(request, Chunk(answer, finish_reason=finish))) <= {
        "empty",
        "refusal",
        "loop",
        "language",
        "json",
        "truncated",
    }


@pytest.mark.parametrize(
    ("weak", "strong", "verdict"),
    [
        ("The harbour is old.", "It is a port.", Verdict.TIE),
        ("", "It is a port.", Verdict.LOSS),
        ("It is a port.", "I'm sorry, but I can't help with that.", Verdict.WIN),
        ("I can't help with that.", "I'm sorry, I cannot assist.", Verdict.TIE),
    ],
)
def test_only_a_difference_counts(weak, strong, verdict):
    pair = Pair(chat_request("Tell me about it."), Chunk(weak), Chunk(strong))
    assert compared(pair).verdict is verdict
