"""Anthropic's turns in OpenAI's shape: nothing is lost, and nothing stands in the wrong turn."""

import pytest

from gearshift.dialects.anthropic.messages import from_anthropic
from gearshift.errors import RequestError

PICTURE = {"type": "base64", "media_type": "image/png", "data": "iVBO"}
IMAGE = {"type": "image", "source": PICTURE, "cache_control": {"type": "ephemeral"}}
SHOWN = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}


def text(words):
    return {"type": "text", "text": words}


def user(*blocks):
    return from_anthropic([{"role": "user", "content": list(blocks)}])


def assistant(*blocks):
    (turn,) = from_anthropic([{"role": "assistant", "content": list(blocks)}])
    return turn


def result(content=None, **more):
    block = {"type": "tool_result", "tool_use_id": "toolu_1", **more}
    return block if content is None else {**block, "content": content}


def test_texts_stay_texts():
    assert from_anthropic([{"role": "user", "content": "hi"}]) == [
        {"role": "user", "content": "hi"}
    ]
    assert user({**text("hi"), "cache_control": {"type": "ephemeral"}}) == [
        {"role": "user", "content": "hi"}
    ]


def test_several_blocks_are_parts():
    assert user(text("a"), IMAGE, text("b")) == [
        {"role": "user", "content": [text("a"), SHOWN, text("b")]}
    ]


def test_an_image_by_url_keeps_it():
    image = {"type": "image", "source": {"type": "url", "url": "https://host/a.png"}}
    (turn,) = user(image)
    assert turn["content"] == [{"type": "image_url", "image_url": {"url": "https://host/a.png"}}]


def test_an_answer_is_its_texts_thoughts_and_calls():
    call = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Zürich"}}
    turn = assistant(
        {"type": "thinking", "thinking": "Let me ", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "thinking", "thinking": "see.", "signature": "s"},
        text("One "),
        text("moment."),
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        call,
        {**call, "id": "toolu_2", "input": {}},
    )
    assert turn["content"] == "One moment."
    assert turn["reasoning_content"] == "Let me see."
    assert [(c["id"], c["function"]["arguments"]) for c in turn["tool_calls"]] == [
        ("toolu_1", '{"city":"Zürich"}'),
        ("toolu_2", "{}"),
    ]
    assert turn["tool_calls"][0]["type"] == "function"
    assert assistant(text("Done.")) == {"role": "assistant", "content": "Done."}


def test_results_are_turns_of_their_own_before_what_the_user_says():
    assert user(text("go on"), result("42"), result([text("a"), text("b")], tool_use_id="t2")) == [
        {"role": "tool", "tool_call_id": "toolu_1", "content": "42"},
        {"role": "tool", "tool_call_id": "t2", "content": "a\nb"},
        {"role": "user", "content": "go on"},
    ]
    assert user(result()) == [{"role": "tool", "tool_call_id": "toolu_1", "content": ""}]


def test_images_of_a_result_follow_it():
    assert user(result([text("a chart"), IMAGE]), text("What is it?")) == [
        {"role": "tool", "tool_call_id": "toolu_1", "content": "a chart"},
        {"role": "user", "content": [SHOWN, text("What is it?")]},
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [("no such file", "Error: no such file"), ("<error>no</error>", "<error>no</error>")],
)
def test_a_failed_call_says_so(said, told):
    assert user(result(said, is_error=True))[0]["content"] == told
    assert user(result(said, is_error=False))[0]["content"] == said


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"type": "document", "title": "A", "source": {"type": "text", "data": "words"}},
            text("A\nwords"),
        ),
        (
            {
                "type": "document",
                "source": {"type": "content", "content": [text("a"), text("b")]},
            },
            text("a\nb"),
        ),
        ({"type": "document", "source": {"type": "content", "content": "a"}}, text("a")),
        (
            {"type": "search_result", "title": "A", "source": "https://a", "content": [text("b")]},
            text("A\nhttps://a\nb"),
        ),
        (
            {
                "type": "document",
                "title": "a.pdf",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            },
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"},
            },
        ),
        (
            {"type": "document", "source": {"type": "base64", "data": "JVBE"}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE"}},
        ),
        (
            {"type": "document", "source": {"type": "url", "url": "https://host/a.pdf"}},
            {"type": "document", "source": {"type": "url", "url": "https://host/a.pdf"}},
        ),
        (
            {"type": "container_upload", "file_id": "f"},
            {"type": "container_upload", "file_id": "f"},
        ),
    ],
)
def test_documents_are_texts_or_stay_what_only_some_upstreams_take(block, part):
    (turn,) = user(block, text("?"))
    assert turn["content"] == [part, text("?")]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (7, "messages.0"),
        ({"role": "user"}, "messages.0.content"),
        ({"role": "user", "content": None}, "messages.0.content"),
        ({"role": "tool", "content": "x"}, "messages.0.role"),
        ({"role": 7, "content": "x"}, "messages.0.role"),
        ({"role": "user", "content": ["x"]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"type": 7}]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages.0.content.0.text"),
        ({"role": "user", "content": [{"type": "image"}]}, "messages.0.content.0.source"),
        (
            {"role": "user", "content": [{"type": "tool_result", "content": "x"}]},
            "messages.0.content.0.tool_use_id",
        ),
        ({"role": "user", "content": [result(7)]}, "messages.0.content.0.content"),
        (
            {"role": "user", "content": [result([{"type": "text", "text": 7}])]},
            "messages.0.content.0.content.0.text",
        ),
        (
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a"}]},
            "messages.0.content.0.name",
        ),
        (
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "a", "name": "f", "input": "{}"}],
            },
            "messages.0.content.0.input",
        ),
    ],
)
def test_what_is_wrong_is_named(message, field):
    with pytest.raises(RequestError) as caught:
        from_anthropic([message])
    assert caught.value.field == field
    assert field in caught.value.message


def test_a_system_turn_stays_in_its_place():
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "system", "content": [text("Be brief."), text("Say please.")]},
        {"role": "system", "content": "Now."},
    ]
    assert from_anthropic(turns) == [
        {"role": "user", "content": "hi"},
        {"role": "system", "content": "Be brief.\n\nSay please."},
        {"role": "system", "content": "Now."},
    ]
