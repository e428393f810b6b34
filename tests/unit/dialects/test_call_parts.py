"""Parts of other APIs: told as far as Ollama can, refused where a user's meaning would be lost."""

import orjson
import pytest

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import UntranslatableError
from gearshift.types import Operation

USER = {"role": "user", "content": "hi"}
CALLED = {"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}


def sent(*turns: object) -> list[object]:
    request = OpenAIDialect().parse(Operation.CHAT, orjson.dumps({"messages": [USER, *turns]}))
    messages: list[object] = orjson.loads(OllamaDialect().upstream_body(request, "m"))["messages"]
    return messages[1:]


@pytest.mark.parametrize(
    "call",
    [
        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'},
        {"type": "tool_call", "id": "c", "name": "f", "args": {"a": 1}},
    ],
)
@pytest.mark.parametrize(
    "result",
    [
        {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "5 C"}]},
        {"type": "tool_result", "tool_use_id": "c", "content": "5 C"},
        {"type": "function_call_output", "call_id": "c", "output": "5 C"},
    ],
)
def test_calls_and_results_among_the_parts(call, result):
    text = {"type": "output_text", "text": "I look."}
    asked = {"type": "input_text", "text": "And now?"}
    assert sent(
        {"role": "assistant", "content": [text, call]},
        {"role": "user", "content": [result, asked]},
    ) == [
        {"role": "assistant", "content": "I look.", "tool_calls": [CALLED]},
        {"role": "tool", "content": "5 C", "tool_name": "f", "tool_call_id": "c"},
        {"role": "user", "content": "And now?"},
    ]


def test_what_a_model_said_without_words_is_left_out():
    parts = [{"type": "audio", "audio": {"id": "x"}}, {"type": "refusal", "refusal": "No."}]
    assert sent({"role": "assistant", "content": parts}) == [
        {"role": "assistant", "content": "No."}
    ]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        {"type": "file", "file": {"file_id": "x"}},
        {"type": "video_url", "video_url": {"url": "x"}},
        {"type": "input_image", "file_id": "x"},
    ],
)
def test_what_a_user_shows_is_not_left_out(part):
    with pytest.raises(UntranslatableError, match=part["type"]):
        sent({"role": "user", "content": [{"type": "text", "text": "what is this?"}, part]})
