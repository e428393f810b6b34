import re

import orjson
import pytest

from gearshift.errors import Fault, RequestError, UpstreamError
from gearshift.types import (
    Capability,
    ChatRequest,
    Chunk,
    Message,
    Operation,
    Timings,
    ToolCall,
    Usage,
)
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


# --- as liberal as Ollama


@pytest.mark.parametrize(
    ("message", "role", "content"),
    [
        ({"role": "System", "content": "s"}, "system", "s"),
        ({"role": "ASSISTANT", "content": None}, "assistant", ""),
        ({"role": "tool", "tool_name": "f", "content": None}, "tool", ""),
        ({"role": "tool", "tool_name": "f"}, "tool", ""),
        ({"role": "user", "content": None}, "user", ""),
        ({"role": "human", "content": "h"}, "user", "h"),
        ({"content": "no role"}, "user", "no role"),
        ({"role": "developer", "content": "d"}, "developer", "d"),
    ],
)
def test_roles_and_contents_that_ollama_takes(message, role, content):
    sent = to_openai(messages=[message, USER])
    assert isinstance(sent["messages"], list)
    assert (sent["messages"][0]["role"], sent["messages"][0]["content"]) == (role, content)


def test_a_switch_of_a_template_is_no_turn_of_a_conversation():
    switch = {"role": "control", "content": "thinking"}
    assert to_openai(messages=[switch, USER])["messages"] == [USER]
    raw = orjson.dumps({"model": "auto", "messages": [switch, USER]})
    passed = DIALECT.upstream_body(DIALECT.parse(Operation.CHAT, raw), "auto")
    assert passed == raw


def test_names_in_capitals_are_read_as_go_does():
    body = {
        "Model": "auto",
        "Stream": False,
        "Options": {"temperature": 0.5, "Own": 1},
        "Messages": [
            {"Role": "User", "Content": "hi", "Tool_Calls": [{"Function": {"Name": "f"}}]}
        ],
    }
    request = DIALECT.parse(Operation.CHAT, orjson.dumps(body))
    assert (request.model, request.stream, request.options) == ("auto", False, {"temperature": 0.5})
    sent = orjson.loads(DIALECT.upstream_body(request, "m"))
    assert sent == {
        "model": "m",
        "stream": False,
        "options": {"temperature": 0.5, "Own": 1},
        "messages": [
            {"role": "User", "content": "hi", "tool_calls": [{"function": {"name": "f"}}]}
        ],
    }


def test_given_ids_are_made_acceptable_and_still_fit():
    sent = to_openai(
        messages=[
            USER,
            {"role": "assistant", "content": "", "tool_calls": [{"id": "call_x", **CALL}]},
            {"role": "tool", "content": "1", "tool_call_id": "call_x"},
        ]
    )
    assert isinstance(sent["messages"], list)
    made = sent["messages"][1]["tool_calls"][0]["id"]
    assert re.fullmatch("[0-9A-Za-z]{9}", made)
    assert sent["messages"][2]["tool_call_id"] == made


def test_refusals_are_said_and_thoughts_are_not():
    parts = [{"type": "refusal", "refusal": "No."}, {"type": "reasoning", "text": "Hm."}]
    turns = [
        {"role": "assistant", "content": parts},
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": "A", "reasoning": "Hm."},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": [{"text": "Hm."}]}]},
    ]
    assert from_openai(messages=[USER, *turns])["messages"] == [
        USER,
        {"role": "assistant", "content": "No.", "thinking": "Hm."},
        {"role": "assistant", "content": "No."},
        {"role": "assistant", "content": "A", "thinking": "Hm."},
        {"role": "assistant", "content": "", "thinking": "Hm."},
    ]


def test_a_call_in_the_history_whose_arguments_are_none_is_told_as_text():
    broken = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}
    good = {"id": "d", "type": "function", "function": {"name": "g", "arguments": "{}"}}
    turn = {"role": "assistant", "content": "x ", "tool_calls": [broken, good]}
    sent = from_openai(messages=[USER, turn])["messages"]
    assert isinstance(sent, list)
    assert sent[1]["content"] == 'x {"name": "f", "arguments": {"a":}'
    assert [call["function"]["name"] for call in sent[1]["tool_calls"]] == ["g"]


@pytest.mark.parametrize(
    ("asked", "left_out", "think"),
    [
        ({"reasoning_effort": "high"}, set(), "high"),
        ({"reasoning_effort": "minimal"}, set(), "low"),
        ({"reasoning": {"effort": "medium"}}, set(), "medium"),
        ({"reasoning_effort": "high"}, {"think level"}, True),
        ({"reasoning_effort": "high"}, {"think"}, None),
        ({"reasoning_effort": "strange"}, set(), None),
        ({"reasoning": {"enabled": False}}, {"think"}, False),
        ({"chat_template_kwargs": {"enable_thinking": False}}, {"think"}, False),
        ({"reasoning_effort": "none"}, {"think"}, False),
        ({"think": "high"}, {"think"}, "high"),
        ({"think": True}, {"think", "think level"}, True),
    ],
)
def test_effort_becomes_thinking(asked, left_out, think):
    request = OPENAI.parse(Operation.CHAT, orjson.dumps({"messages": [USER], **asked}))
    sent = orjson.loads(DIALECT.upstream_body(request, "m", frozenset(left_out)))
    assert sent.get("think") == think


# --- answers


def test_a_call_whose_arguments_are_none_is_told_as_text():
    chunks = [Chunk(tool_calls=(ToolCall(0, "a", "f", '{"a":'),)), Chunk(finish_reason="length")]
    writer = DIALECT.stream_writer(parsed(), "m", "abc", 1.0)
    lines = (b"".join(map(writer.write, chunks)) + writer.finish()).splitlines()
    said, last = map(orjson.loads, lines)
    assert said["message"] == {"role": "assistant", "content": '{"name": "f", "arguments": {"a":}'}
    assert last["done_reason"] == "length"
    whole = orjson.loads(DIALECT.write_answer(parsed(), chunks[0], "abc", 1.0))
    assert whole["message"] == said["message"]


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (3.0, 0.0, 1.0, 2.0)),
        ({"load_seconds": 0.5}, (3.0, 0.5, 0.5, 2.0)),
        ({"timings": Timings(0.25, 1.5)}, (3.0, 0.0, 0.25, 1.5)),
        ({"timings": Timings(2.0, 4.0)}, (6.0, 0.0, 2.0, 4.0)),
    ],
)
def test_durations_of_a_stream_are_the_engines_or_our_own(operation, said, expected):
    request, times = parsed(operation, prompt="x"), iter([1.0, 3.0])
    writer = DIALECT.stream_writer(request, "m", "abc", 1.0, lambda: next(times))
    written = writer.write(Chunk("a", usage=Usage(3, 4), **said)) + writer.write(Chunk("b"))
    durations(orjson.loads((written + writer.finish()).splitlines()[-1]), expected)


def test_a_stream_of_one_piece_shares_its_time_out_as_a_whole_answer():
    times = iter([5.0, 5.0])
    writer = DIALECT.stream_writer(parsed(), "m", "abc", 1.0, lambda: next(times))
    written = writer.write(Chunk("a", usage=Usage(10, 4))) + writer.finish()
    durations(orjson.loads(written.splitlines()[-1]), (5.0, 0.0, 1.0, 4.0))


@pytest.mark.parametrize(
    ("chunk", "elapsed", "expected"),
    [
        (Chunk("a", usage=Usage(10, 4)), 5.0, (5.0, 0.0, 1.0, 4.0)),
        (Chunk("a", usage=Usage(10, 4), load_seconds=1.0), 6.0, (6.0, 1.0, 1.0, 4.0)),
        (Chunk("a"), 4.0, (4.0, 0.0, 2.0, 2.0)),
        (Chunk("a", timings=Timings(0.5, 1.0)), 5.0, (5.0, 0.0, 0.5, 1.0)),
        (Chunk("a"), 0.0, (0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_durations_of_a_whole_answer(chunk, elapsed, expected):
    whole = DIALECT.write_answer(parsed(), chunk, "abc", 1.0, elapsed)
    durations(orjson.loads(whole), expected)


def durations(line, expected):
    names = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
    told = [line[name] for name in names]
    assert all(type(one) is int and one > 0 for one in told)
    assert [one / 1e9 for one in told] == pytest.approx(expected, abs=1e-6)
    assert told[0] >= sum(told[1:])


def test_an_answer_that_is_not_done_is_not_complete():
    line = b'{"message":{"content":"half"},"done":false}'
    assert "not complete" in (DIALECT.read_answer(line).error or "")
    assert "ends before" in (DIALECT.read_answer(line + b"\n" + line).error or "")


def test_probabilities_are_passed_on_in_both_dialects():
    entry = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
    line = orjson.dumps({"message": {"content": "a"}, "done": True, "logprobs": [entry]})
    chunk = DIALECT.read_answer(line).chunk
    assert chunk is not None
    assert chunk.logprobs == (entry,)
    request = OPENAI.parse(Operation.CHAT, orjson.dumps({"messages": [USER]}))
    whole = OPENAI.write_answer(request, chunk, "abc", 1.0)
    assert orjson.loads(whole)["choices"][0]["logprobs"]["content"] == [entry]
    again = OPENAI.read_answer(whole).chunk
    assert again is not None
    assert orjson.loads(DIALECT.write_answer(parsed(), again, "abc", 1.0))["logprobs"] == [entry]
    writer = OPENAI.stream_writer(request, "m", "abc", 1.0)
    told = [
        frame.chunk.logprobs
        for frame in OPENAI.stream_reader().feed(writer.write(chunk))
        if frame.chunk
    ]
    assert (entry,) in told
    text = OPENAI.parse(Operation.COMPLETION, b'{"prompt":"x"}')
    said = orjson.loads(OPENAI.write_answer(text, chunk, "abc", 1.0))["choices"][0]["logprobs"]
    assert (said["tokens"], said["token_logprobs"], said["text_offset"]) == (["a"], [-0.5], [0])
