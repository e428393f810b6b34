"""Anthropic's answers: read by its own SDK's types, whatever the order in which pieces come."""

import itertools
from functools import cache

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gearshift.dialects.anthropic.writing import AnthropicWriter, encode_response
from gearshift.types import Chunk, ToolCall, Usage


@cache
def sdk():
    """The SDK's types of a message and of an event; importing them takes seconds."""
    from anthropic.types import Message, RawMessageStreamEvent

    return TypeAdapter(Message), TypeAdapter(RawMessageStreamEvent)


def whole(chunk):
    answer = orjson.loads(encode_response(chunk._replace(model="small"), "abc"))
    sdk()[0].validate_python(answer)
    return answer


def streamed(*chunks):
    """The events of a stream, each checked by the SDK's types."""
    writer = AnthropicWriter("small", "abc")
    raw = b"".join(map(writer.write, chunks)) + writer.finish()
    events = []
    for event in raw.removesuffix(b"\n\n").split(b"\n\n"):
        name, data = event.split(b"\n")
        events.append(orjson.loads(data.removeprefix(b"data: ")))
        assert name == b"event: " + events[-1]["type"].encode()
        sdk()[1].validate_python(events[-1])
    return events


def put_together(events):
    """The message that a client makes of events; it fails where blocks overlap."""
    assert events[0]["type"] == "message_start"
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    message, is_open = events[0]["message"], False
    for event in events[1:-2]:
        match event["type"]:
            case "content_block_start":
                assert not is_open
                assert event["index"] == len(message["content"])
                message["content"].append({**event["content_block"], "json": ""})
                is_open = True
            case "content_block_delta":
                assert is_open
                assert event["index"] == len(message["content"]) - 1
                block, delta = message["content"][-1], event["delta"]
                name = {"input_json_delta": "partial_json"}.get(
                    delta["type"], delta["type"].removesuffix("_delta")
                )
                block["json" if name == "partial_json" else name] += delta[name]
            case "content_block_stop":
                assert is_open
                is_open = False
    assert not is_open
    return {**message, **events[-2]["delta"], "usage": events[-2]["usage"]}


def blocks(*chunks):
    """What a stream says, block by block: its type, its text or its call."""
    told: list[tuple[str, ...]] = []
    for block in put_together(streamed(*chunks))["content"]:
        if block["type"] == "tool_use":
            told.append((block["id"], block["name"], block["json"]))
        else:
            told.append((block["type"], block[block["type"]]))
    return told


def call(index, *said):
    return Chunk(tool_calls=(ToolCall(index, *said),))


# --- whole answers


def test_a_text():
    assert whole(Chunk("Hello", finish_reason="stop", usage=Usage(11, 7, 4))) == {
        "id": "msg_abc",
        "type": "message",
        "role": "assistant",
        "model": "small",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 7,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 4,
            "output_tokens": 7,
        },
    }


def test_thoughts_come_first_and_calls_last():
    calls = (ToolCall(0, "a", "f", '{"x":1}'), ToolCall(1, None, "g", ""))
    answer = whole(Chunk("Hm.", "Let me see.", calls, "stop"))
    thought, said, first, second = answer["content"]
    assert thought == {"type": "thinking", "thinking": "Let me see.", "signature": ""}
    assert said == {"type": "text", "text": "Hm."}
    assert first == {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}
    assert second["id"].startswith("toolu_")
    assert (second["name"], second["input"]) == ("g", {})
    assert answer["stop_reason"] == "tool_use"


def test_nothing_is_no_block():
    assert whole(Chunk(finish_reason="stop"))["content"] == []


def test_a_call_that_was_cut_off_is_the_text_that_it_is():
    answer = whole(Chunk(tool_calls=(ToolCall(0, "a", "f", '{"x":'),), finish_reason="length"))
    assert answer["content"] == [{"type": "text", "text": '{"name": "f", "arguments": {"x":}'}]
    assert answer["stop_reason"] == "max_tokens"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("stop", "end_turn"),
        (None, "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "refusal"),
        ("unheard_of", "end_turn"),
    ],
)
def test_why_it_ended(reason, told):
    assert whole(Chunk("x", finish_reason=reason))["stop_reason"] == told
    assert put_together(streamed(Chunk("x"), Chunk(finish_reason=reason)))["stop_reason"] == told


def test_more_cached_tokens_than_there_are_count_as_all():
    assert whole(Chunk("x", usage=Usage(5, 1, 9)))["usage"]["input_tokens"] == 0


# --- streams


def test_a_stream_is_told_block_by_block():
    message = put_together(
        streamed(
            Chunk(reasoning="Let me "),
            Chunk(reasoning="see."),
            Chunk("Hel"),
            Chunk("lo", finish_reason="stop"),
            Chunk(usage=Usage(11, 7)),
        )
    )
    assert message["id"] == "msg_abc"
    assert message["model"] == "small"
    assert [(b["type"], b.get("text") or b.get("thinking")) for b in message["content"]] == [
        ("thinking", "Let me see."),
        ("text", "Hello"),
    ]
    assert (message["stop_reason"], message["usage"]["output_tokens"]) == ("end_turn", 7)


def test_an_empty_answer_is_a_message_without_blocks():
    assert put_together(streamed())["content"] == []
    assert put_together(streamed(Chunk(finish_reason="stop")))["stop_reason"] == "end_turn"


def test_arguments_go_out_as_they_come():
    writer = AnthropicWriter("small", "abc")
    assert b"content_block_start" not in writer.write(call(0, "a", "get_"))  # is this all of it?
    begun = writer.write(call(0, None, "weather", '{"city":'))
    assert b'"name":"get_weather"' in begun
    assert b'"partial_json":"{\\"city\\":"' in begun
    assert b'"partial_json":"1}"' in writer.write(call(0, None, None, "1}"))


def test_a_call_without_arguments_is_one():
    assert blocks(call(0, "a", "now")) == [("a", "now", "")]
    assert blocks(call(0, None, "now", "{}"))[0][1:] == ("now", "{}")


def test_the_next_call_goes_out_at_once_where_the_one_before_it_is_complete():
    writer = AnthropicWriter("small", "abc")
    writer.write(call(0, "a", "f", '{"x":1}'))
    assert b'"id":"b"' in writer.write(call(1, "b", "g", "{}"))


def test_what_comes_amid_a_call_waits_for_its_end():
    assert blocks(
        Chunk("One moment."),
        call(0, "a", "f", '{"x":'),
        call(1, "b", "g", '{"y":'),
        Chunk("And so on."),
        call(0, None, None, "1}"),
        call(1, None, None, "2}"),
    ) == [
        ("text", "One moment."),
        ("a", "f", '{"x":1}'),
        ("text", "And so on."),
        ("b", "g", '{"y":2}'),
    ]


ARGUMENTS = '{"city": "Zürich", "days": [1, 2]}'


@st.composite
def answers(draw):
    """Texts, thoughts, and the pieces of three calls, in any order that keeps each one's own."""
    cuts = [sorted(draw(st.lists(st.integers(0, len(ARGUMENTS)), max_size=4))) for _ in range(3)]
    calls = [
        [call(i, f"id{i}", f"f{i}")]
        + [
            call(i, None, None, ARGUMENTS[start:end])
            for start, end in itertools.pairwise([0, *cut, len(ARGUMENTS)])
        ]
        for i, cut in enumerate(cuts)
    ]
    words = draw(st.lists(st.text(min_size=1, max_size=3), max_size=4))
    others = [[Chunk(word)] if i % 2 else [Chunk(reasoning=word)] for i, word in enumerate(words)]
    queues, order = [*calls, *others], []
    while queues:
        queue = draw(st.sampled_from(queues))
        order.append(queue.pop(0))
        queues = [one for one in queues if one]
    return order


@given(pieces=answers())
def test_no_order_of_pieces_loses_any_of_them(pieces):
    told = blocks(*pieces)
    assert sorted(one[1:] for one in told if len(one) == 3) == [
        (f"f{index}", ARGUMENTS) for index in range(3)
    ]
    for kind, said in (("text", "content"), ("thinking", "reasoning")):
        words = "".join(one[1] for one in told if one[0] == kind)
        assert sorted(words) == sorted("".join(getattr(piece, said) for piece in pieces))


def test_what_follows_the_end_of_a_call_is_no_call():
    assert blocks(call(0, "a", "f", "{}"), call(1, "b", "g", "{}"), call(0, None, None, " ")) == [
        ("a", "f", "{}"),
        ("b", "g", "{}"),
    ]
