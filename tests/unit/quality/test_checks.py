"""What is plainly wrong with an answer, and what only looks like it."""

import json
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.client.requests import chat_request
from gearshift.errors import GearshiftError
from gearshift.quality import checks
from gearshift.quality.checks import (
    Checked,
    checked,
    failed_checks,
    is_foreign,
    is_invalid_json,
    is_loop,
)
from gearshift.types import Chunk, ToolCall

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


@settings(max_examples=25, deadline=None)
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


QUESTION = chat_request("Tell me about the harbour, please.")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("ab" * 40, True),  # 80 characters
        ("xab" + "ab" * 39, True),
        ("x" + "ab" * 39, False),
        ("abc" * 27, True),  # 26 are 78 characters
        ("x" + "abc" * 26, False),
        ("the ship is late, so " * 4, False),  # its last space is none
        ("the ship is late, so " * 4 + "the ship is late, so", True),
        ("abcdefghijklmnopqrst" * 4, True),
        ("abcdefghijklmnopqrst" * 3 + "bcdefghijklmnopqrst", False),
        ("abcdefghijklmnopqrstuvwxyz0123" * 4, True),
        ("abcdefghijklmnopqrstuvwxyz0123" * 3 + "-", False),
        ("ab" * 60 + "!", False),  # it goes on
        ("=" * 200, False),
        ("the ship\nis  late\tand " * 3 + "the ship is late and " * 3 + "the", True),
    ],
)
def test_a_loop_is_one_piece_four_times_and_eighty_characters(text, is_one):
    assert is_loop(QUESTION, Chunk(text)) is is_one


def of_words(words, different):
    """So many words with so many different sequences of four, and no loop at their end."""
    cycle = [f"w{number % (different - 1)}" for number in range(words - 1)]
    return " ".join((*cycle, "end"))


@pytest.mark.parametrize(
    ("words", "different", "is_one"),
    [
        (60, 19, True),
        (60, 20, False),
        (59, 5, False),
        (61, 20, True),
        (63, 20, True),
        (63, 21, False),
    ],
)
def test_most_sequences_of_words_that_come_again_are_a_loop(words, different, is_one):
    assert is_loop(QUESTION, Chunk(of_words(words, different))) is is_one


def test_it_is_sequences_of_four_words_that_come_again():
    """63 words of two kinds: 16 different sequences of four, and 29 of five, are to be below 21."""
    words = "bbabbbbbbaabaababaabbabbbabbbaaababbabaaaaabaabbabbababbabbabaa"
    assert is_loop(QUESTION, Chunk(" ".join(words)))


def test_the_end_of_an_answer_is_what_is_looked_at():
    varied = " ".join(f"ship{number}" for number in range(1_000))
    assert is_loop(QUESTION, Chunk(f"{varied} {of_words(3_000, 9)}"))
    assert not is_loop(QUESTION, Chunk(f"{of_words(3_000, 9)} {varied}"))


@pytest.fixture
def languages(monkeypatch):
    """A language is the first letter of a text; what was asked for is kept."""
    asked = []

    def language(text):
        asked.append(text)
        return text[0]

    monkeypatch.setattr(checks, "_language", language)
    return asked


@pytest.mark.parametrize(
    ("asked", "said", "is_other"),
    [
        ("e" * 40, "d" * 40, True),
        ("e" * 40, "e" * 50, False),
        ("e" * 39, "d" * 40, False),
        ("e" * 40, "d" * 39, False),
        ("e" * 40, "d" * 40 + "```", False),
    ],
)
def test_only_two_texts_that_are_long_enough_are_compared(languages, asked, said, is_other):
    assert is_foreign(chat_request(asked), Chunk(said)) is is_other


def test_a_language_is_told_by_the_beginning_of_the_last_question(languages):
    turns = [
        {"role": "user", "content": "d" * 50},
        {"role": "user", "content": "e" * 9_000},
        {"role": "assistant", "content": "d" * 50},
    ]
    assert is_foreign(chat_request(turns), Chunk("f" * 9_000))
    assert languages == ["e" * 6_000, "f" * 6_000]
    parts = [{"role": "user", "content": [{"type": "text", "text": "e" * 50}]}]
    assert not is_foreign(chat_request(parts), Chunk("f" * 50))
    assert not is_foreign(chat_request([{"role": "system", "content": "e" * 50}]), Chunk("f" * 50))


@pytest.mark.parametrize("pair", [("zxx", "en"), ("en", "zxx")])
def test_figures_have_no_language(monkeypatch, pair):
    left = iter(pair)
    monkeypatch.setattr(checks, "_language", lambda _: next(left))
    assert not is_foreign(chat_request("e" * 50), Chunk("1" * 50))


@pytest.mark.parametrize(
    ("wanted", "answer", "said"),
    [
        (None, "words", False),
        ("json_object", "words", False),  # no mapping
        ({"type": "text"}, "words", False),
        ({"type": "json_object"}, "words", True),
        ({"type": "json_object"}, '{"a": 1}', False),
        ({"type": "json_object"}, ' ```json\n{"a": 1}\n``` ', False),
        ({"type": "json_object"}, '```{"a": 1}```', False),
        ({"type": "json_object"}, '```json\n{"a": 1}', True),
        ({"type": "json_object"}, '{"a": 1}\n```', True),
        ({"type": "json_object"}, "``````", True),
        ({"type": "json_object"}, "`````", True),
        ({"type": "json_object"}, "```1```", False),
        ({"type": "json_object", "json_schema": {"schema": {"type": "array"}}}, "{}", False),
        ({"type": "json_schema"}, "{}", False),
        ({"type": "json_schema", "json_schema": "x"}, "{}", False),
        ({"type": "json_schema", "json_schema": {"schema": "x"}}, "{}", False),
        ({"type": "json_schema", "json_schema": {"schema": {"type": "array"}}}, "{}", True),
        ({"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}, "{}", False),
        ({"type": "json_schema", "json_schema": {"schema": {"type": "?"}}}, "{}", None),
        ({"type": "json_schema", "json_schema": {"schema": {"type": "?"}}}, "{", True),
    ],
)
def test_json_is_asked_for_in_many_ways(wanted, answer, said):
    request = replace(QUESTION, options={"response_format": wanted})
    assert is_invalid_json(request, Chunk(answer)) is said


def test_of_an_answer_that_is_too_long_nobody_says_whether_it_is_json(monkeypatch):
    monkeypatch.setattr(checks, "_LONGEST_JSON", 4)
    request = replace(QUESTION, options={"response_format": {"type": "json_object"}})
    assert is_invalid_json(request, Chunk("1234")) is False
    assert is_invalid_json(request, Chunk("12345")) is None
    assert checked(request, Chunk("12345")) == Checked((), ("json",))


def test_an_answer_that_calls_tools_is_not_looked_at_further():
    call = (ToolCall(0, "1", "find", "{}"),)
    assert checked(QUESTION, Chunk("", tool_calls=call)) == Checked()
    assert checked(QUESTION, Chunk("I can't help with that.", tool_calls=call)) == Checked()
    assert checked(QUESTION, Chunk(" ")) == Checked(("empty",))


def test_every_check_is_run_on_the_request_and_its_answer(monkeypatch):
    def fails(request, answer):
        raise KeyError(answer.content)

    said = {
        "one": lambda request, answer: request is QUESTION and answer.content == "words",
        "two": lambda request, answer: False,
        "three": fails,
        "four": lambda request, answer: None,
        "five": lambda request, answer: True,
    }
    monkeypatch.setattr(checks, "CHECKS", said)
    assert checked(QUESTION, Chunk("words")) == Checked(("one", "five"), ("three", "four"))
    assert failed_checks(QUESTION, Chunk("words")) == ("one", "five")


def test_an_extra_that_is_not_installed_is_no_verdict(monkeypatch):
    def fails(request, answer):
        raise GearshiftError("install gearshift[quality]")

    monkeypatch.setattr(checks, "CHECKS", {"one": fails})
    with pytest.raises(GearshiftError):
        checked(QUESTION, Chunk("words"))


def test_the_language_check_names_the_extra_that_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "py3langid", None)
    with pytest.raises(GearshiftError, match=r"a check of the language.*gearshift\[quality\]"):
        failed("d" * 50, "e" * 50)
