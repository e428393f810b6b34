import orjson
import pytest

from gearshift.errors import Fault, RequestError, UpstreamError
from gearshift.types import (
    Capability,
    ChatRequest,
    Chunk,
    Frame,
    Operation,
    Timings,
    ToolCall,
    Usage,
)
from gearshift.wire.openai import OpenAIDialect
from gearshift.wire.tool_calls import call_id

DIALECT = OpenAIDialect()
USER = {"role": "user", "content": "hi"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


def parsed(operation: Operation = Operation.CHAT, **body: object) -> ChatRequest:
    if operation is Operation.CHAT:
        body = {"messages": [USER], **body}
    return DIALECT.parse(operation, orjson.dumps(body))


def refused(**body: object) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parsed(**body)  # type: ignore[arg-type]
    assert caught.value.status == 400
    return caught.value


# --- parsing


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", 7),
        ("stream", "yes"),
        ("temperature", "hot"),
        ("temperature", True),
        ("top_p", []),
        ("max_tokens", 1.5),
        ("max_completion_tokens", "9"),
        ("n", "1"),
        ("stop", 1),
        ("stop", ["a", 1]),
        ("tools", {}),
        ("tools", ["x"]),
        ("tool_choice", 1),
        ("response_format", "json"),
        ("stream_options", True),
        ("logit_bias", []),
        ("messages", None),
        ("messages", []),
        ("messages", "hi"),
        ("messages.0", ["hi"]),
        ("messages.0", [None]),
    ],
)
def test_a_wrong_type_names_its_field(field, value):
    error = refused(**{field.partition(".")[0]: value})
    assert error.field == field
    assert f"'{field}'" in error.message


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"role": "robot", "content": "x"}, "messages.0.role"),
        ({"role": ["user"], "content": "x"}, "messages.0.role"),
        ({"content": "x"}, "messages.0.role"),
        ({"role": "user", "content": None}, "messages.0.content"),
        ({"role": "user"}, "messages.0.content"),
        ({"role": "tool", "content": None, "tool_call_id": "1"}, "messages.0.content"),
        ({"role": "user", "content": 7}, "messages.0.content"),
        ({"role": "user", "content": ["x"]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"text": "x"}]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages.0.content.0.text"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages.0.content.0.image_url"),
        ({"role": "assistant", "content": None, "tool_calls": 1}, "messages.0.tool_calls"),
        (
            {"role": "assistant", "content": None, "tool_calls": [{}]},
            "messages.0.tool_calls.0.function",
        ),
        (
            {"role": "assistant", "content": "", "tool_calls": [{**TOOL, "id": []}]},
            "messages.0.tool_calls.0.id",
        ),
        (
            {"role": "assistant", "tool_calls": [{**TOOL, "type": {}}]},
            "messages.0.tool_calls.0.type",
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": "1", "type": None}]},
            "messages.0.tool_calls.0.function",
        ),
        ({"role": "tool", "content": "x", "tool_call_id": {}}, "messages.0.tool_call_id"),
    ],
)
def test_a_wrong_message_names_its_field(message, field):
    assert refused(messages=[message]).field == field


@pytest.mark.parametrize(
    "message",
    [
        *({"role": role, "content": "x"} for role in ("system", "developer", "tool", "function")),
        {"role": "assistant", "content": None},
        {"role": "assistant"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", **TOOL}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "custom"}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
        {"role": "user", "content": []},
        {"role": "user", "content": "\x00", "unknown": 1},
    ],
)
def test_every_role_and_unknown_parts_pass(message):
    assert parsed(messages=[message]).messages == [message]


def test_what_is_left_out():
    request = parsed()
    assert request.model == "auto"
    assert request.stream is False
    assert request.options == {}
    assert request.needs == frozenset()
    assert parsed(model=None, stream=None, temperature=None).model == "auto"


def test_a_whole_number_may_be_written_as_a_fraction():
    request = DIALECT.parse(Operation.COMPLETION, b'{"prompt":"x","max_tokens":64.0,"seed":-7e2}')
    assert request.options == {"max_tokens": 64, "seed": -700}


def test_unknown_fields_pass():
    assert parsed(whatever={"a": [1]}).body["whatever"] == {"a": [1]}


def test_settings_keep_their_names():
    request = parsed(temperature=0.5, max_completion_tokens=9, stop="x", user="me")
    assert request.options == {"temperature": 0.5, "max_tokens": 9, "stop": "x"}


@pytest.mark.parametrize(
    ("body", "needs"),
    [
        ({"tools": [TOOL]}, {Capability.TOOLS}),
        ({"functions": [{"name": "f"}]}, {Capability.TOOLS}),
        ({"tools": [TOOL], "tool_choice": "none"}, set()),
        ({"tools": []}, set()),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, {Capability.VISION}),
        ({"think": True}, {Capability.THINKING}),
        ({"reasoning_effort": "high"}, set()),
    ],
)
def test_needs(body, needs):
    assert parsed(**body).needs == needs


@pytest.mark.parametrize(
    ("prompt", "text"),
    [("hi", "hi"), (["a", "b"], "a\nb"), ([1, 2], ""), ("", "")],
)
def test_a_prompt_is_a_user_turn(prompt, text):
    request = parsed(Operation.COMPLETION, prompt=prompt)
    assert request.messages == [{"role": "user", "content": text}]


@pytest.mark.parametrize("body", [{}, {"prompt": None}, {"prompt": []}, {"prompt": 5}])
def test_a_completion_needs_a_prompt(body):
    with pytest.raises(RequestError) as caught:
        parsed(Operation.COMPLETION, **body)
    assert caught.value.field == "prompt"


# --- upstream bodies


def test_the_clients_own_bytes_are_sent_but_for_the_model():
    raw = b'{ "model":"auto" ,"messages":[{"role":"user","content":"\\u00e4"}],"temperature":1.0 }'
    sent = DIALECT.upstream_body(DIALECT.parse(Operation.CHAT, raw), "gemma2:2b")
    assert sent == raw.replace(b'"auto"', b'"gemma2:2b"')


def test_a_request_made_in_python_is_written():
    request = ChatRequest("openai", Operation.CHAT, "auto", [USER], options={"max_tokens": 3})
    assert orjson.loads(DIALECT.upstream_body(request, "m")) == {
        "model": "m",
        "messages": [USER],
        "max_tokens": 3,
    }


def test_changed_messages_are_written_with_the_rest_of_the_body():
    raw = b'{"model":"auto","messages":[{"role":"user","content":"a"}],"max_completion_tokens":3}'
    request = DIALECT.parse(Operation.CHAT, raw)
    changed = ChatRequest(
        "openai", Operation.CHAT, "auto", [USER], options=request.options, body=request.body
    )
    assert orjson.loads(DIALECT.upstream_body(changed, "m")) == {
        "model": "m",
        "messages": [USER],
        "max_completion_tokens": 3,
    }


def test_a_completion_made_in_python_is_written():
    request = ChatRequest("openai", Operation.COMPLETION, "auto", [USER], stream=True)
    assert orjson.loads(DIALECT.upstream_body(request, "m")) == {
        "model": "m",
        "prompt": "hi",
        "stream": True,
    }


def test_paths():
    assert DIALECT.path(parsed()) == "/chat/completions"
    assert DIALECT.path(parsed(Operation.COMPLETION, prompt="x")) == "/completions"


# --- reading


def chunk_of(**data: object) -> Chunk:
    reader = DIALECT.stream_reader()
    (frame,) = reader.feed(b"data: " + orjson.dumps(data) + b"\n\n")
    assert frame.error is None
    assert frame.chunk is not None
    return frame.chunk


@pytest.mark.parametrize(
    ("delta", "chunk"),
    [
        ({"role": "assistant", "content": None}, Chunk()),
        ({"content": "hi"}, Chunk("hi")),
        ({"reasoning_content": "hm"}, Chunk(reasoning="hm")),
        ({"reasoning": "hm"}, Chunk(reasoning="hm")),
        ({"content": [{"type": "text", "text": "a"}, 7]}, Chunk("a")),
        ({"content": 7}, Chunk()),
        (
            {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]},
            Chunk(tool_calls=(ToolCall(0, "c", "f"),)),
        ),
        (
            {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}, 7]},
            Chunk(tool_calls=(ToolCall(0, arguments="{"),)),
        ),
        (
            {"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
            Chunk(tool_calls=(ToolCall(0, None, "f", '{"a":1}'),)),
        ),
        ({"tool_calls": [{}]}, Chunk(tool_calls=(ToolCall(0),))),
        ({"tool_calls": None}, Chunk()),
        (None, Chunk()),
    ],
)
def test_deltas(delta, chunk):
    assert chunk_of(choices=[{"delta": delta}]) == chunk


@pytest.mark.parametrize(
    ("data", "chunk"),
    [
        ({"choices": []}, Chunk()),
        ({"choices": None, "model": "m"}, Chunk(model="m")),
        ({"choices": [{"delta": {}, "finish_reason": "length"}]}, Chunk(finish_reason="length")),
        ({"choices": [{"finish_reason": "function_call"}]}, Chunk(finish_reason="tool_calls")),
        ({"choices": [{"text": "t"}]}, Chunk("t")),
        (
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
            Chunk(usage=Usage(3, 2)),
        ),
        ({"usage": {"prompt_tokens_details": {"cached_tokens": 2}}}, Chunk(usage=Usage(0, 0, 2))),
        ({"usage": {"prompt_tokens": None}}, Chunk(usage=Usage())),
        ({"timings": {"cache_n": 5, "prompt_n": 1, "predicted_n": 7}}, Chunk(usage=Usage(6, 7, 5))),
    ],
)
def test_events(data, chunk):
    assert chunk_of(**data) == chunk


def frames_of(stream: bytes) -> list[Frame]:
    reader = DIALECT.stream_reader()
    return reader.feed(stream) + reader.finish()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (b'data: {"error":{"message":"boom"}}\n\n', "boom"),
        (b'event: error\ndata: {"message":"boom"}\n\n', "boom"),
        (b'data: {"object":"error","message":"boom"}\n\n', "boom"),
        (b"data: {nope\n\n", "not JSON"),
        (b"data: [1]\n\n", "not a JSON object"),
        (b'{"error":{"message":"boom"}}', "boom"),
        (b"<html><body>Bad gateway</body></html>", "not JSON"),
    ],
)
def test_failures_in_a_stream(event, words):
    (frame,) = frames_of(event)
    assert frame.error is not None
    assert words in frame.error
    assert frame.chunk is None


def test_comments_and_the_end():
    comment, end = frames_of(b": keep-alive\n\ndata: [DONE]\n\n")
    assert (comment.chunk, comment.error, comment.is_end) == (None, None, False)
    assert end.is_end


@pytest.mark.parametrize("mark", [b"[DONE]", b"[done]", b"[DON", b"["])
def test_an_end_mark_that_is_written_otherwise_or_cut_off(mark):
    (end,) = frames_of(b"data: " + mark + b"\n\n")
    assert (end.is_end, end.error) == (True, None)
    assert DIALECT.with_model(end, "m") == b"data: [DONE]\n\n"


@pytest.mark.parametrize("data", [b"data:\n\n", b"data: \n\n", b"data: null\n\n"])
def test_events_that_say_nothing_keep_alive(data):
    (frame,) = frames_of(data)
    assert (frame.chunk, frame.error) == (None, None)
    assert DIALECT.with_model(frame, "m") == b":\n\n"


def test_an_answer_that_ended_in_an_error():
    message, delta = {"message": {"content": "half"}}, {"delta": {"content": "half"}}
    event = b"data: %s\n\n" % orjson.dumps({"choices": [{**delta, "finish_reason": "error"}]})
    (frame,) = frames_of(event)
    whole = DIALECT.read_answer(orjson.dumps({"choices": [{**message, "finish_reason": "error"}]}))
    assert frame.error is not None
    assert whole.error is not None


def test_a_whole_answer_in_an_event_is_no_stream():
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}
    (frame,) = frames_of(b"data: %s\n\n" % orjson.dumps({"choices": [choice]}))
    assert frame.is_other_shape
    assert frame.is_end
    assert frame.chunk is not None
    assert frame.chunk.content == "hi"


OBJECT = {"id": "a", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
FLAT = {"id": "a", "type": "function", "name": "f", "arguments": '{"a":1}'}
WRITTEN = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}


@pytest.mark.parametrize("given", [OBJECT, FLAT, WRITTEN, [OBJECT], [None, FLAT]])
def test_tool_calls_pass_on_as_clients_read_them(given):
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": given}}]}
    (frame,) = frames_of(b"data: %s\n\n" % orjson.dumps(delta))
    passed = orjson.loads(DIALECT.with_model(frame, "m")[6:])
    assert passed["choices"][0]["delta"]["tool_calls"] == [{**WRITTEN, "index": 0}]
    message = {"choices": [{"message": {"tool_calls": given}, "finish_reason": "stop"}]}
    passed = orjson.loads(DIALECT.with_model(DIALECT.read_answer(orjson.dumps(message)), "m"))
    assert passed["choices"][0]["message"]["tool_calls"] == [WRITTEN]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":[{}]}',
        b'{"choices":[7]}',
        b'{"error":{"message":"x"}}',
    ],
)
def test_what_is_no_answer(raw):
    frame = DIALECT.read_answer(raw)
    assert frame.error
    assert frame.chunk is None


# --- writing


def test_a_stream_of_tool_calls():
    writer = DIALECT.stream_writer(parsed(stream=True), "m", "abc", 5.0)
    stream = writer.write(Chunk(tool_calls=(ToolCall(0, None, "f", "{}"),)))
    stream += writer.write(Chunk(finish_reason="stop")) + writer.finish()
    events = [e for e in stream.split(b"\n\n") if e]
    first, call, last, end = events
    assert orjson.loads(first[6:])["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert orjson.loads(call[6:])["choices"][0]["delta"]["tool_calls"] == [
        {
            "index": 0,
            "id": call_id("abc", 0),
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
        }
    ]
    assert orjson.loads(last[6:])["choices"][0]["finish_reason"] == "tool_calls"
    assert end == b"data: [DONE]"


def test_usage_comes_last_and_only_if_asked():
    request = parsed(stream=True, stream_options={"include_usage": True})
    writer = DIALECT.stream_writer(request, "m", "abc", 5.0)
    stream = writer.write(Chunk("x", finish_reason="stop", usage=Usage(1, 2, 1))) + writer.finish()
    *others, usage, _ = [e[6:] for e in stream.split(b"\n\n")][:-1]
    assert orjson.loads(usage)["choices"] == []
    assert orjson.loads(usage)["usage"] == {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "total_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 1},
    }
    assert all(orjson.loads(event)["usage"] is None for event in others)


def test_a_completion_is_written_as_text():
    request = parsed(Operation.COMPLETION, prompt="x")
    answer = orjson.loads(DIALECT.write_answer(request, Chunk("t", model="m"), "abc", 5.0))
    assert answer["object"] == "text_completion"
    assert answer["id"] == "cmpl-abc"
    assert answer["choices"][0]["text"] == "t"
    writer = DIALECT.stream_writer(request, "m", "abc", 5.0)
    events = (writer.write(Chunk("t")) + writer.finish()).split(b"\n\n")
    assert orjson.loads(events[0][6:])["choices"][0]["text"] == "t"


# --- errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
    ],
)
def test_types_of_errors(status, kind):
    error = RequestError("no", status=status, field="a", code="c", headers={"Allow": "GET"})
    written, headers, body = DIALECT.write_error(error)
    assert written == status
    assert headers == {"Allow": "GET"}
    assert orjson.loads(body)["error"] == {
        "message": "no",
        "type": kind,
        "param": "a",
        "code": "c",
    }


def test_what_was_tried_already_is_not_to_be_repeated():
    status, headers, body = DIALECT.write_error(UpstreamError("down", fault=Fault.BUSY))
    assert status == 503
    assert headers == {"Retry-After": "1", "x-should-retry": "false"}
    assert orjson.loads(body)["error"]["type"] == "upstream_error"


def test_a_rejection_in_openais_shape_is_passed_on_unchanged():
    said = b'{ "error": {"code":400, "message":"bad top_p","type":"invalid_request_error"} }'
    error = UpstreamError("400", fault=Fault.REJECTED, status=400, body=said)
    assert DIALECT.write_error(error) == (400, {}, said)


def test_a_rejection_in_another_shape_is_translated():
    error = UpstreamError("400", fault=Fault.REJECTED, status=400, body=b'{"error":"bad top_p"}')
    assert orjson.loads(DIALECT.write_error(error)[2])["error"]["message"] == "bad top_p"


# --- as liberal as the many servers


@pytest.mark.parametrize("reason", ["", None, "null"])
def test_an_empty_finish_reason_is_no_end(reason):
    said = {"model": "m", "choices": [{"delta": {"content": "a"}, "finish_reason": reason}]}
    assert chunk_of(**said).finish_reason is None


@pytest.mark.parametrize(
    ("delta", "content", "reasoning"),
    [
        ({"refusal": "No."}, "No.", ""),
        ({"content": "A", "reasoning_content": "R"}, "A", "R"),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "R"}]}]}, "", "R"),
        (
            {"content": [{"type": "reasoning", "text": "R"}, {"type": "text", "text": "A"}]},
            "A",
            "R",
        ),
    ],
)
def test_reasoning_is_kept_apart_from_what_is_said(delta, content, reasoning):
    chunk = chunk_of(choices=[{"delta": delta}])
    assert (chunk.content, chunk.reasoning) == (content, reasoning)


def test_a_call_from_before_there_were_tools():
    call = {"name": "f", "arguments": "{}"}
    chunk = chunk_of(choices=[{"delta": {"function_call": call}, "finish_reason": "function_call"}])
    assert chunk.tool_calls == (ToolCall(0, None, "f", "{}"),)
    assert chunk.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("data", "timings"),
    [
        ({"timings": {"prompt_ms": 250.0, "predicted_ms": 1500}}, Timings(0.25, 1.5)),
        ({"usage": {"prompt_time": 0.5, "completion_time": 2}}, Timings(0.5, 2.0)),
        ({"timings": {"prompt_ms": "x", "predicted_ms": True}}, Timings(0.0, 0.0)),
        ({"timings": {}}, None),
        ({"usage": {"prompt_tokens": 1}}, None),
    ],
)
def test_times_that_engines_tell(data, timings):
    assert chunk_of(choices=[], **data).timings == timings


@pytest.mark.parametrize("indexes", [(0, 0), (None, None), (1, 1)])
def test_streamed_calls_reach_openai_clients_with_the_right_indexes(indexes):
    calls = [
        {"id": i, "type": "function", "function": {"name": i, "arguments": "{}"}} for i in "ab"
    ]
    labelled = [
        call | ({} if index is None else {"index": index})
        for call, index in zip(calls, indexes, strict=True)
    ]
    stream = b"".join(
        b"data: "
        + orjson.dumps({"model": "m", "choices": [{"delta": {"tool_calls": [c]}}]})
        + b"\n\n"
        for c in labelled
    )
    written = [DIALECT.with_model(frame, "large") for frame in frames_of(stream)]
    told = [orjson.loads(event[6:]) for event in written]
    assert [said["model"] for said in told] == ["large", "large"]
    passed = [said["choices"][0]["delta"]["tool_calls"][0] for said in told]
    assert passed == [{**call, "index": index} for index, call in enumerate(calls)]


def test_streamed_calls_with_right_indexes_pass_as_they_are():
    event = (
        b'data: {"choices":[{ "delta":{"tool_calls":[{"index":0,"id":"a","function":'
        b'{"name":"f","arguments":""}}]}}]}\n\n'
    )
    (frame,) = frames_of(event)
    assert DIALECT.with_model(frame, "m") is event


def test_the_model_is_named_where_bytes_are_no_text():
    event = b'data: {"\\ud83d\\u006d":1,"model":"m","choices":[{"delta":{"content":"\xc3"}}]}\n\n'
    (frame,) = frames_of(event)
    assert DIALECT.with_model(frame, "large") == event.replace(b'"m"', b'"large"')
