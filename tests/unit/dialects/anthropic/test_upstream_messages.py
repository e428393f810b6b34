"""Conversations in Anthropic's shape: alternating, nothing blank, every result after its call."""

import pytest

from gearshift.dialects.anthropic.upstream_messages import to_anthropic
from gearshift.errors import FailureKind, UpstreamError

WEATHER = {"name": "weather", "arguments": '{"city":"Zürich"}'}


def user(content="hi"):
    return {"role": "user", "content": content}


def call(given="call_1", **function):
    return {"id": given, "type": "function", "function": {**WEATHER, **function}}


def called(*calls, content=None):
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def result(given="call_1", content="sunny"):
    return {"role": "tool", "tool_call_id": given, "content": content}


def text(words):
    return {"type": "text", "text": words}


def turns(*messages):
    return to_anthropic(messages)[1]


def test_system_texts_stand_before_the_conversation_wherever_they_were():
    system, told = to_anthropic(
        [
            {"role": "system", "content": "Be brief."},
            user(),
            {"role": "developer", "content": [text("In German.")]},
        ]
    )
    assert system == "Be brief.\n\nIn German."
    assert told == [user("hi")]


def test_a_system_prompt_alone_is_what_is_asked():
    assert to_anthropic([{"role": "system", "content": "Say hi."}]) == (
        "",
        [user("Say hi.")],
    )


def test_turns_alternate_and_are_never_blank():
    told = turns(
        user("a"), user("b"), {"role": "assistant", "content": " "}, user(""), {"role": "king"}
    )
    assert told == [{"role": "user", "content": [text("a"), text("b")]}]
    assert turns(user(" ")) == [user(".")]


def test_a_conversation_begins_with_a_user_and_an_answer_may_be_begun():
    told = turns({"role": "assistant", "content": "It is \n"})
    assert told == [
        user("."),
        {"role": "assistant", "content": "It is"},
    ]


def test_results_follow_their_calls_before_whatever_a_user_says():
    told = turns(
        user(),
        called(call("call_1"), call("call_2"), content="One moment."),
        result("call_1"),
        user("quickly"),
        result("call_2", ""),
    )
    use = {"type": "tool_use", "name": "weather", "input": {"city": "Zürich"}}
    assert told[1]["content"] == [
        text("One moment."),
        {**use, "id": "call_1"},
        {**use, "id": "call_2"},
    ]
    assert told[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "call_1", "content": [text("sunny")]},
        {"type": "tool_result", "tool_use_id": "call_2"},
        text("quickly"),
    ]


@pytest.mark.parametrize("given", ["call.1:x", "", "a" * 65, "ü"])
def test_an_id_that_anthropic_does_not_take_is_another_one_in_call_and_result(given):
    told = turns(user(), called(call(given)), result(given))
    its_id = told[1]["content"][0]["id"]
    assert its_id.isalnum()
    assert told[2]["content"][0]["tool_use_id"] == its_id


def test_an_id_of_anthropics_stays():
    told = turns(user(), called(call("toolu_01A-b")), result("toolu_01A-b"))
    assert told[1]["content"][0]["id"] == "toolu_01A-b"


def test_the_same_id_in_another_turn_is_told_apart():
    told = turns(user(), called(call("c")), result("c"), called(call("c")), result("c"))
    ids = [told[i]["content"][0]["id"] for i in (1, 3)]
    assert ids == [told[i]["content"][0]["tool_use_id"] for i in (2, 4)]
    assert len(set(ids)) == 2


def test_a_call_that_is_none_and_results_without_calls_are_texts():
    told = turns(user(), called(call(arguments='{"city":')), result(), result("unheard_of", "7"))
    assert told[1]["content"] == '{"name": "weather", "arguments": {"city":}'
    assert told[2]["content"] == [text("sunny"), text("7")]


def test_calls_in_parts_of_a_content_are_calls():
    use = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}
    told = turns(
        user(),
        {"role": "assistant", "content": [use]},
        user([{"type": "tool_result", "tool_use_id": "a", "content": "3"}]),
    )
    assert told[1]["content"] == [use]
    assert told[2]["content"][0]["content"] == [text("3")]


def test_thoughts_that_anthropic_has_not_signed_are_left_out():
    told = turns(user(), {"role": "assistant", "content": "Yes", "reasoning_content": "Hm."})
    assert told[1]["content"] == "Yes"


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (
            "data:image/jpg;base64,/9j/",
            {"type": "base64", "media_type": "image/jpeg", "data": "/9j/"},
        ),
        ("https://host/a.png", {"type": "url", "url": "https://host/a.png"}),
        ("iVBORw0KGgo=", {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}),
    ],
)
def test_images_by_their_bytes_or_their_address(url, source):
    part = {"type": "image_url", "image_url": {"url": url}}
    assert turns(user([part]))[0]["content"] == [{"type": "image", "source": source}]
    (shown,) = turns(user(), called(call()), result(content=[part]))[2]["content"]
    assert shown["content"] == [{"type": "image", "source": source}]


def test_a_pdf_is_a_document():
    file = {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}
    (block,) = turns(user([{"type": "file", "file": file}]))[0]["content"]
    source = {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}
    assert block == {"type": "document", "source": source, "title": "a.pdf"}


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "AAAA"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "unheard_of"},
    ],
)
def test_what_anthropic_cannot_be_shown_is_refused(part):
    with pytest.raises(UpstreamError) as caught:
        turns(user([part]))
    assert caught.value.fault is FailureKind.INCAPABLE
