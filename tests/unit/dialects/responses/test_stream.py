"""Streams add up, whatever the order in which pieces come; the SDK reads them in tests/e2e."""

import itertools

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects.responses.request import parse
from gearshift.dialects.responses.stream import ResponsesWriter, error_event
from gearshift.dialects.responses.writing import encode_response
from gearshift.errors import FailureKind, UpstreamError
from gearshift.types import Chunk, ToolCall, Usage

TOOLS = [
    {"type": "custom", "name": "patch"},
    {"type": "namespace", "name": "files", "tools": [{"type": "function", "name": "open"}]},
]
PROBABILITY = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
BROKE_OFF = UpstreamError("broke off", fault=FailureKind.CUT_OFF)


def events_in(raw):
    events = []
    for event in raw.removesuffix(b"\n\n").split(b"\n\n"):
        name, data = event.split(b"\n")
        events.append(orjson.loads(data.removeprefix(b"data: ")))
        assert name == b"event: " + events[-1]["type"].encode()
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def writer_for(**body):
    request = parse(orjson.dumps({"input": "hi", "stream": True, **body}))
    return ResponsesWriter(request, "small", "abc", 7.0)


def streamed(*chunks, **body):
    writer = writer_for(**body)
    return events_in(b"".join(map(writer.write, chunks)) + writer.finish())


def put_together(events):
    """The output that a client makes of deltas, which is also what the events say of it."""
    output: dict[int, dict] = {}
    for event in events:
        kind, index = event["type"], event.get("output_index")
        if kind == "response.output_item.added":
            assert index == len(output)
            output[index] = {**event["item"], "told": "", "is_done": False}
        elif index is not None:
            item = output[index]
            assert not item["is_done"], "something follows the end of an item"
            assert item["id"] == event.get("item_id", item["id"])
            if kind.endswith(".delta"):
                item["told"] += event["delta"]
            elif kind == "response.output_item.done":
                item.update(event["item"], is_done=True)
                assert item["told"] == words_of(event["item"])
    assert all(item["is_done"] for item in output.values())
    last = events[-1]["response"]
    assert last["output"] == [
        {name: value for name, value in item.items() if name not in ("told", "is_done")}
        for item in output.values()
    ]
    return last


def words_of(item):
    match item["type"]:
        case "message":
            return item["content"][0]["text"]
        case "reasoning":
            return (item["summary"] or item["content"])[0]["text"]
        case "function_call":
            return item["arguments"]
        case _:
            return item["input"]


def told(*chunks, **body):
    output = put_together(streamed(*chunks, **body))["output"]
    return [(item.get("name") or item["type"], words_of(item)) for item in output]


def calls(*pieces):
    return [Chunk(tool_calls=(ToolCall(*piece),)) for piece in pieces]


def test_a_text():
    events = streamed(Chunk("One"), Chunk(" two"), Chunk(finish_reason="stop", usage=Usage(3, 4)))
    assert [event["type"].removeprefix("response.") for event in events] == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.delta", "output_text.delta", "output_text.done"),
        *("content_part.done", "output_item.done", "completed"),
    ]
    response = put_together(events)
    assert words_of(response["output"][0]) == "One two"
    assert response["usage"]["output_tokens"] == 4
    assert response["status"] == "completed"


def test_nothing_is_told_before_something_is_said():
    writer = writer_for()
    assert writer.write(Chunk()) == writer.write(Chunk(usage=Usage(1))) == b""
    assert writer.write(Chunk("a")).startswith(b"event: response.created\n")


def test_an_answer_that_says_nothing_is_an_empty_message():
    assert told(Chunk(finish_reason="stop")) == [("message", "")]


def test_thoughts_are_items_before_the_words():
    chunks = [Chunk(reasoning="H"), Chunk(reasoning="m."), Chunk("a")]
    assert told(*chunks) == [("reasoning", "Hm."), ("message", "a")]
    kinds = [event["type"] for event in streamed(*chunks)]
    assert "response.reasoning_text.done" in kinds


def test_who_asks_for_a_summary_gets_the_thoughts_as_one():
    asked = {"reasoning": {"summary": "auto"}}
    events = streamed(Chunk(reasoning="Hm."), Chunk("a"), **asked)
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds[2:8] == [
        *("output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta"),
        *("reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"),
    ]
    assert put_together(events)["output"][0]["summary"][0]["text"] == "Hm."


def test_a_call_ends_where_the_next_one_begins():
    pieces = [(0, "a", "f"), (0, None, None, '{"x"'), (0, None, None, ":1}"), (1, "b", "g", "{}")]
    assert told(*calls(*pieces)) == [("f", '{"x":1}'), ("g", "{}")]
    kinds = [event["type"].removeprefix("response.") for event in streamed(*calls(*pieces))]
    assert kinds.index("output_item.done") < len(kinds) - 5


def test_calls_side_by_side_are_open_together():
    pieces = [(0, "a", "f", '{"x'), (1, "b", "g", '{"y'), (0, None, None, '":1}')]
    pieces += [(1, None, None, '":2}')]
    assert told(*calls(*pieces)) == [("f", '{"x":1}'), ("g", '{"y":2}')]


def test_a_name_in_parts_is_told_when_it_is_whole():
    assert told(*calls((0, "a", "we"), (0, None, "ather"), (0, None, None, "{}"))) == [
        ("weather", "{}")
    ]


def test_a_call_without_arguments_or_id_has_some():
    events = streamed(*calls((0, None, "f")))
    assert put_together(events)["output"][0]["call_id"].startswith("call_")
    assert told(*calls((0, None, "f"))) == [("f", "{}")]


def test_words_amid_calls_are_items_of_their_own():
    chunks = [Chunk("a"), *calls((0, "c", "f", "{}")), Chunk("b"), Chunk("c")]
    assert told(*chunks) == [("message", "a"), ("f", "{}"), ("message", "bc")]


def test_what_comes_behind_complete_arguments_belongs_to_nothing():
    pieces = [(0, "a", "f", "{}"), (1, "b", "g", "{}"), (0, None, None, "{}")]
    assert told(*calls(*pieces)) == [("f", "{}"), ("g", "{}")]


def test_calls_come_back_as_their_tools_are_known():
    pieces = [(0, "a", "patch", '{"input":'), (0, None, None, '"x"}'), (1, "b", "files__open")]
    output = put_together(streamed(*calls(*pieces), tools=TOOLS))["output"]
    assert (output[0]["type"], output[0]["input"]) == ("custom_tool_call", "x")
    assert (output[1]["name"], output[1]["namespace"]) == ("open", "files")


@pytest.mark.parametrize("asked", [{"top_logprobs": 1}, {}])
def test_probabilities_are_told_to_who_asks(asked):
    events = streamed(*[Chunk("a", logprobs=(PROBABILITY,))] * 2, **asked)
    wanted = [PROBABILITY] if asked else []
    deltas = [e["logprobs"] for e in events if e["type"] == "response.output_text.delta"]
    assert deltas == [wanted, wanted]
    assert put_together(events)["output"][0]["content"][0]["logprobs"] == 2 * wanted


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_answer_that_was_cut_off_is_not_complete(reason):
    events = streamed(Chunk("a"), *calls((0, "a", "f", '{"x')), Chunk(finish_reason=reason))
    assert events[-1]["type"] == "response.incomplete"
    statuses = [item["status"] for item in put_together(events)["output"]]
    assert statuses == ["completed", "incomplete"]


def test_an_answer_that_breaks_off_is_an_error_and_a_failed_response():
    writer = writer_for()
    raw = writer.write(Chunk("a")) + b"".join(map(writer.write, calls((0, "a", "f", "{"))))
    *_, error, failed = events_in(raw + writer.fail(BROKE_OFF))
    assert error["type"] == "error"
    assert error["message"] == error["error"]["message"] == "broke off"
    assert error["code"] == error["error"]["code"] == "cut_off"
    assert failed["type"] == "response.failed"
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {"code": "server_error", "message": "broke off"}
    assert [item["type"] for item in failed["response"]["output"]] == ["message"]


def test_an_error_by_itself_has_the_number_that_it_is_given():
    (event,) = [orjson.loads(error_event(BROKE_OFF, 7).split(b"data: ")[1])]
    assert event["sequence_number"] == 7


WORDS = st.sampled_from(["", "a", "é\n"])
CALLS = st.lists(
    st.builds(
        ToolCall,
        st.integers(0, 2),
        st.none() | st.just("id"),
        st.none() | st.sampled_from(["f", "patch"]),
        st.sampled_from(["", "{}", '{"x":', "1}"]),
    ),
    max_size=2,
).map(tuple)
PIECES = st.tuples(WORDS, WORDS, CALLS, st.sampled_from([None, "stop", "length"])).map(
    lambda fields: Chunk(*fields)
)


@given(st.lists(PIECES, max_size=6))
def test_whatever_comes_is_a_response(chunks):
    response = put_together(streamed(*chunks, tools=TOOLS))
    said = [item for item in response["output"] if item["type"] == "message"]
    assert "".join(map(words_of, said)) == "".join(chunk.content for chunk in chunks)


def test_a_stream_says_what_a_whole_answer_says():
    chunk = Chunk("a", "Hm.", (ToolCall(0, "x", "f", "{}"),), "tool_calls", Usage(1, 2), "small")
    request = parse(b'{"input":"hi"}')
    whole = orjson.loads(encode_response(request, chunk, "abc", 7.0))
    response = put_together(streamed(chunk))
    for told, wanted in itertools.zip_longest(response["output"], whole["output"]):
        assert {**told, "id": ""} == {**wanted, "id": ""}
    assert {**response, "output": []} == {**whole, "output": []}
