import re

import orjson
import pytest

from gearshift.errors import Fault, RequestError, UpstreamError
from gearshift.types import Capability, ChatRequest, Chunk, Message, Operation, ToolCall, Usage
from gearshift.wire.ollama import OllamaDialect
from gearshift.wire.openai import OpenAIDialect

DIALECT = OllamaDialect()
OPENAI = OpenAIDialect()
USER = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
CALL = {"function": {"name": "f", "arguments": {"a": 1}}}


def parsed(operation: Operation = Operation.CHAT, **body: object) -> ChatRequest:
    if operation is Operation.CHAT:
        body = {"messages": [USER], **body}
    return DIALECT.parse(operation, orjson.dumps(body))


def to_openai(operation: Operation = Operation.CHAT, **body: object) -> dict[str, object]:
    sent: dict[str, object] = orjson.loads(OPENAI.upstream_body(parsed(operation, **body), "m"))
    return sent


def from_openai(operation: Operation = Operation.CHAT, **body: object) -> dict[str, object]:
    if operation is Operation.CHAT:
        body = {"messages": [USER], **body}
    request = OPENAI.parse(operation, orjson.dumps(body))
    sent: dict[str, object] = orjson.loads(DIALECT.upstream_body(request, "m"))
    return sent


# --- parsing


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": 7}, "model"),
        ({"stream": 1}, "stream"),
        ({"format": 1}, "format"),
        ({"options": []}, "options"),
        ({"options": {"temperature": "hot"}}, "options.temperature"),
        ({"options": {"num_predict": 1.5}}, "options.num_predict"),
        ({"options": {"stop": 1}}, "options.stop"),
        ({"tools": "f"}, "tools"),
        ({"think": 1}, "think"),
        ({"keep_alive": []}, "keep_alive"),
        ({"messages": {}}, "messages"),
        ({"messages": ["x"]}, "messages.0"),
        ({"messages": [{"role": 7, "content": ""}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content"),
        ({"messages": [{**USER, "images": "x"}]}, "messages.0.images"),
        ({"messages": [{**USER, "tool_name": 1}]}, "messages.0.tool_name"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": "f"}]}]},
            "messages.0.tool_calls.0.function",
        ),
    ],
)
def test_a_wrong_type_names_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        parsed(**body)
    assert caught.value.status == 400
    assert caught.value.field == field


def test_what_is_left_out():
    request = parsed()
    assert request.model == "auto"
    assert request.stream is True
    assert request.options == {}
    assert parsed(stream=False).stream is False


@pytest.mark.parametrize("body", [b"{}", b'{"messages":[]}', b'{"messages":null,"keep_alive":0}'])
def test_without_messages_it_asks_to_load_or_unload(body):
    assert DIALECT.parse(Operation.CHAT, body).messages == []


@pytest.mark.parametrize("body", [{}, {"prompt": ""}, {"prompt": None}, {"keep_alive": 0}])
def test_without_a_prompt_it_asks_to_load_or_unload(body):
    assert parsed(Operation.COMPLETION, **body).messages == []


def test_generate_is_a_conversation():
    request = parsed(Operation.COMPLETION, prompt="hi", system="s", images=["iVBORw"])
    assert request.messages == [
        {"role": "system", "content": "s"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "hi"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw"}},
            ],
        },
    ]
    assert request.needs == {Capability.VISION}


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("iVBORw", "data:image/png;base64,iVBORw"),
        ("/9j/4A", "data:image/jpeg;base64,/9j/4A"),
        ("R0lGOD", "data:image/gif;base64,R0lGOD"),
        ("UklGRg", "data:image/webp;base64,UklGRg"),
        ("data:image/png;base64,AA", "data:image/png;base64,AA"),
    ],
)
def test_images_become_data_urls(image, url):
    request = parsed(messages=[{"role": "user", "images": [image]}])
    assert request.messages[0]["content"] == [{"type": "image_url", "image_url": {"url": url}}]


def test_tool_calls_get_ids_and_results_find_theirs():
    request = parsed(
        messages=[
            USER,
            {"role": "assistant", "tool_calls": [CALL, {"function": {"name": "g"}}]},
            {"role": "tool", "content": "1", "tool_name": "g"},
            {"role": "tool", "content": "2"},
            {"role": "tool", "content": "3", "tool_call_id": "given"},
            {"role": "tool", "content": "4"},
        ]
    )
    calls = request.messages[1]["tool_calls"]
    assert [c["function"]["arguments"] for c in calls] == ['{"a":1}', "{}"]
    first, second = (c["id"] for c in calls)
    ids = [message.get("tool_call_id") for message in request.messages[2:]]
    assert ids[:3] == [second, first, "given"]
    assert len({first, second, *ids}) == 4
    assert all(re.fullmatch("[0-9A-Za-z]{9}", str(one)) for one in (first, second, ids[3]))


@pytest.mark.parametrize(
    ("body", "needs"),
    [
        ({"tools": [TOOL]}, {Capability.TOOLS}),
        ({"think": True}, {Capability.THINKING}),
        ({"think": "high"}, {Capability.THINKING}),
        ({"think": False}, set()),
    ],
)
def test_needs(body, needs):
    assert parsed(**body).needs == needs


# --- to an OpenAI-compatible upstream


def test_settings_get_openais_names():
    sent = to_openai(
        options={"num_predict": 9, "temperature": 0.5, "stop": ["x"], "num_ctx": 8, "seed": 1},
        keep_alive="10m",
        tools=[TOOL],
        format="json",
        think="low",
    )
    assert sent == {
        "model": "m",
        "messages": [USER],
        "temperature": 0.5,
        "stop": ["x"],
        "seed": 1,
        "max_tokens": 9,
        "tools": [TOOL],
        "response_format": {"type": "json_object"},
        "reasoning_effort": "low",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_schema_and_thinking():
    sent = to_openai(format={"type": "object"}, think=False, stream=False)
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    assert sent["chat_template_kwargs"] == {"enable_thinking": False}
    assert "stream" not in sent
    assert "max_tokens" not in to_openai(options={"num_predict": -1})


def test_generate_becomes_a_chat_because_ollama_applies_the_template():
    request = parsed(Operation.COMPLETION, prompt="hi")
    assert OPENAI.path(request) == "/chat/completions"
    assert to_openai(Operation.COMPLETION, prompt="hi")["messages"] == [USER]


@pytest.mark.parametrize("body", [{"raw": True}, {"suffix": "end"}])
def test_raw_text_and_gaps_stay_completions(body):
    request = parsed(Operation.COMPLETION, prompt="hi", **body)
    assert OPENAI.path(request) == "/completions"
    sent = to_openai(Operation.COMPLETION, prompt="hi", **body)
    assert sent["prompt"] == "hi"
    assert "messages" not in sent


# --- to Ollama


def test_settings_get_ollamas_names():
    sent = from_openai(
        temperature=0.5,
        max_tokens=9,
        stop="x",
        tools=[TOOL],
        response_format={"type": "json_object"},
        reasoning_effort="none",
        keep_alive="5m",
        logprobs=True,
        top_logprobs=3,
    )
    assert sent == {
        "model": "m",
        "stream": False,
        "messages": [USER],
        "options": {"temperature": 0.5, "stop": ["x"], "num_predict": 9},
        "tools": [TOOL],
        "format": "json",
        "think": False,
        "keep_alive": "5m",
        "logprobs": True,
        "top_logprobs": 3,
    }


def test_formats_and_thinking():
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    assert from_openai(response_format=schema)["format"] == {"type": "object"}
    assert "format" not in from_openai(response_format={"type": "text"})
    assert from_openai(think="high")["think"] == "high"
    assert "tools" not in from_openai(tools=[TOOL], tool_choice="none")


def test_messages_get_ollamas_shape():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    sent = from_openai(
        messages=[
            {"role": "developer", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, picture]},
            {"role": "assistant", "content": None, "reasoning_content": "r", "tool_calls": [call]},
            {"role": "tool", "content": "1", "tool_call_id": "c"},
            {"role": "function", "content": "2", "name": "g"},
        ]
    )
    assert sent["messages"] == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a", "images": ["AA"]},
        {"role": "assistant", "content": "", "thinking": "r", "tool_calls": [{"id": "c", **CALL}]},
        {"role": "tool", "content": "1", "tool_name": "f", "tool_call_id": "c"},
        {"role": "tool", "content": "2", "tool_name": "g"},
    ]


def test_a_completion_becomes_generate():
    sent = from_openai(Operation.COMPLETION, prompt=["hi"], suffix="end", max_tokens=3)
    assert sent == {
        "model": "m",
        "stream": False,
        "prompt": "hi",
        "suffix": "end",
        "options": {"num_predict": 3},
    }


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (
            Operation.CHAT,
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
                        ],
                    }
                ]
            },
        ),
        (
            Operation.CHAT,
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "x": 1}]}]},
        ),
        (Operation.CHAT, {"n": 2}),
        (Operation.COMPLETION, {"prompt": ["a", "b"]}),
        (Operation.COMPLETION, {"prompt": [1, 2]}),
    ],
)
def test_what_ollama_cannot_say_is_for_another_deployment(operation, body):
    with pytest.raises(UpstreamError) as caught:
        from_openai(operation, **body)
    assert caught.value.fault is Fault.INCAPABLE
    assert caught.value.permits_fallback


def test_changed_messages_are_written_with_the_rest_of_the_body():
    request = parsed(options={"num_ctx": 8}, keep_alive=0)
    changed = ChatRequest(
        "ollama",
        Operation.CHAT,
        "auto",
        [{"role": "user", "content": "new"}],
        stream=False,
        body=request.body,
    )
    assert orjson.loads(DIALECT.upstream_body(changed, "m")) == {
        "model": "m",
        "messages": [{"role": "user", "content": "new"}],
        "stream": False,
        "options": {"num_ctx": 8},
        "keep_alive": 0,
    }


def test_a_prompt_made_in_python_is_written():
    messages: list[Message] = [
        {"role": "system", "content": "s"},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:a/b;base64,AA"}}],
        },
        USER,
    ]
    request = ChatRequest("openai", Operation.COMPLETION, "auto", messages)
    assert orjson.loads(DIALECT.upstream_body(request, "m")) == {
        "model": "m",
        "stream": False,
        "system": "s",
        "prompt": "\n\nhi",
        "images": ["AA"],
    }


def test_paths():
    assert DIALECT.path(parsed()) == "/api/chat"
    assert DIALECT.path(parsed(Operation.COMPLETION, prompt="x")) == "/api/generate"


# --- reading


def test_a_last_line():
    frame = DIALECT.stream_reader().feed(
        b'{"model":"m","message":{"role":"assistant","content":""},"done":true,'
        b'"done_reason":"length","load_duration":1500000000,"eval_count":7}\n'
    )[0]
    assert frame.is_end
    assert frame.chunk == Chunk(
        finish_reason="length", usage=Usage(0, 7), model="m", load_seconds=1.5
    )


@pytest.mark.parametrize(
    ("line", "chunk"),
    [
        ({"message": {"content": "a", "thinking": "t"}}, Chunk("a", "t")),
        ({"response": "a", "thinking": "t"}, Chunk("a", "t")),
        ({"message": {"content": None}}, Chunk()),
        ({"message": {"content": "", "tool_calls": None}}, Chunk()),
        ({"done": True, "done_reason": "load"}, Chunk(finish_reason="stop")),
        (
            {"response": "", "done": True, "prompt_eval_count": 3},
            Chunk("", "", (), "stop", Usage(3)),
        ),
    ],
)
def test_lines(line, chunk):
    assert DIALECT.stream_reader().feed(orjson.dumps(line) + b"\n")[0].chunk == chunk


def test_tool_calls_are_counted_over_lines():
    reader = DIALECT.stream_reader()
    line = orjson.dumps({"message": {"content": "", "tool_calls": [CALL, 7]}}) + b"\n"
    calls = [
        call
        for frame in reader.feed(line + b"\n" + line)
        if frame.chunk
        for call in frame.chunk.tool_calls
    ]
    assert calls == [ToolCall(0, None, "f", '{"a":1}'), ToolCall(1, None, "f", '{"a":1}')]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"error":"boom"}\n', "boom"),
        (b'{"error":{"message":"boom"}}\n', "boom"),
        (b"{nope\n", "not JSON"),
        (b"[1]\n", "not a JSON object"),
        (b"<html>\n", "not JSON"),
        (b'{"models":[]}\n', "no message"),
    ],
)
def test_failures(line, words):
    reader = DIALECT.stream_reader()
    (frame,) = reader.feed(line) + reader.finish()
    assert frame.error is not None
    assert words in frame.error
    assert DIALECT.read_answer(line).error


def test_a_line_without_its_newline_is_read_at_the_end():
    reader = DIALECT.stream_reader()
    assert reader.feed(b'{"message":{"content":"a"},"done":true}') == []
    assert reader.finish()[0].is_end


def test_a_huge_answer_is_an_error():
    assert "larger" in (DIALECT.read_answer(b" " * (16 * 1024 * 1024 + 1)).error or "")


# --- writing


def test_every_chat_line_has_a_message_and_the_end_waits_for_the_usage():
    writer = DIALECT.stream_writer(parsed(), "m", "abc", 1_700_000_000.5)
    stream = writer.write(Chunk("a")) + writer.write(Chunk(reasoning="t"))
    stream += writer.write(Chunk(finish_reason="length", load_seconds=0.5))
    stream += writer.write(Chunk(usage=Usage(3, 4))) + writer.finish()
    first, second, last = [orjson.loads(line) for line in stream.splitlines()]
    assert first == {
        "model": "m",
        "created_at": "2023-11-14T22:13:20.500000000Z",
        "message": {"role": "assistant", "content": "a"},
        "done": False,
    }
    assert second["message"] == {"role": "assistant", "content": "", "thinking": "t"}
    assert last["message"] == {"role": "assistant", "content": ""}
    assert last["done_reason"] == "length"
    assert (last["prompt_eval_count"], last["eval_count"]) == (3, 4)
    assert last["load_duration"] == 500_000_000


def test_tool_calls_are_put_together():
    writer = DIALECT.stream_writer(parsed(), "m", "abc", 0.0)
    assert (
        writer.write(Chunk(tool_calls=(ToolCall(0, "c", "f"), ToolCall(1, "d", "g", "{}")))) == b""
    )
    assert writer.write(Chunk(tool_calls=(ToolCall(0, arguments='{"a":'),))) == b""
    assert writer.write(Chunk(tool_calls=(ToolCall(0, arguments="1}"),))) == b""
    said, last = [orjson.loads(line) for line in writer.finish().splitlines()]
    assert said["message"]["tool_calls"] == [
        {"id": "c", **CALL},
        {"id": "d", "function": {"name": "g", "arguments": {}}},
    ]
    assert said["done"] is False
    assert last["done"] is True


def test_generate_is_answered_with_a_response():
    request = parsed(Operation.COMPLETION, prompt="x")
    answer = orjson.loads(DIALECT.write_answer(request, Chunk("a", "t", model="m"), "abc", 0.0))
    assert (answer["response"], answer["thinking"], answer["done"]) == ("a", "t", True)


# --- errors


def test_errors_are_a_text():
    status, headers, body = DIALECT.write_error(
        RequestError("model 'x' not found", status=404, code="model_not_found")
    )
    assert (status, headers, body) == (404, {}, b'{"error":"model \'x\' not found"}')


def test_a_rejection_in_ollamas_shape_is_passed_on_unchanged():
    error = UpstreamError("400", fault=Fault.REJECTED, status=400, body=b'{ "error":"bad" }')
    assert DIALECT.write_error(error) == (400, {}, b'{ "error":"bad" }')


def test_a_rejection_in_another_shape_is_translated():
    said = b'{"error":{"message":"bad"}}'
    error = UpstreamError("400", fault=Fault.REJECTED, status=422, body=said)
    assert DIALECT.write_error(error) == (422, {}, b'{"error":"bad"}')
