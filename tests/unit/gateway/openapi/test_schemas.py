"""The described schemas say yes and no to the same bodies as the plane itself."""

import json

import pytest
from jsonschema import Draft202012Validator

from gearshift.dialects.loading import client_dialects
from gearshift.dialects.schema import ref
from gearshift.errors import RequestError
from gearshift.gateway.openapi.document import schemas
from gearshift.registry import CLIENT_DIALECTS, load
from gearshift.types import EMBEDDING_OPERATIONS, Operation

SCHEMAS = schemas(client_dialects())
USER = {"role": "user", "content": "hi"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
OPERATIONS = {
    "ChatCompletionRequest": ("openai", Operation.CHAT),
    "CompletionRequest": ("openai", Operation.COMPLETION),
    "OllamaChatRequest": ("ollama", Operation.CHAT),
    "OllamaGenerateRequest": ("ollama", Operation.COMPLETION),
    "EmbeddingRequest": ("openai", Operation.EMBEDDING),
    "OllamaEmbedRequest": ("ollama", Operation.EMBEDDING),
    "OllamaEmbeddingsRequest": ("ollama", Operation.PROMPT_EMBEDDING),
}


def validator(name):
    components = {"components": {"schemas": SCHEMAS}}
    return Draft202012Validator({**ref(name), **components})


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_schema(name):
    Draft202012Validator.check_schema(SCHEMAS[name])


def chat(*messages, **more):
    return {"messages": list(messages), **more}


@pytest.mark.parametrize(
    ("name", "body", "is_valid"),
    [
        ("ChatCompletionRequest", chat(USER), True),
        ("ChatCompletionRequest", chat(USER, model=None, stream=None, temperature=None), True),
        ("ChatCompletionRequest", chat(USER, whatever=[1]), True),
        ("ChatCompletionRequest", chat({"role": "assistant", "tool_calls": [CALL]}), True),
        ("ChatCompletionRequest", chat({"role": "user", "content": [{"type": "x"}]}), True),
        ("ChatCompletionRequest", chat(), False),
        ("ChatCompletionRequest", {}, False),
        ("ChatCompletionRequest", chat(USER, stream="yes"), False),
        ("ChatCompletionRequest", chat(USER, max_tokens=1.5), False),
        ("ChatCompletionRequest", chat(USER, temperature="hot"), False),
        ("ChatCompletionRequest", chat({"role": "robot", "content": "x"}), False),
        ("ChatCompletionRequest", chat({"role": "user"}), False),
        ("ChatCompletionRequest", chat({"role": "user", "content": [{"type": "text"}]}), False),
        ("CompletionRequest", {"prompt": "x"}, True),
        ("CompletionRequest", {"prompt": ["x", "y"]}, True),
        ("CompletionRequest", {"prompt": []}, False),
        ("CompletionRequest", {"prompt": 5}, False),
        ("CompletionRequest", {}, False),
        ("OllamaChatRequest", {}, True),
        ("OllamaChatRequest", chat({"content": "no role"}), True),
        ("OllamaChatRequest", chat(USER, keep_alive="5m", think="high", format={}), True),
        ("OllamaChatRequest", chat({"role": 7}), False),
        ("OllamaChatRequest", chat(USER, options={"num_predict": 1.5}), False),
        ("OllamaChatRequest", chat(USER, stream=1), False),
        ("OllamaGenerateRequest", {"prompt": "x", "images": ["AA"], "raw": True}, True),
        ("OllamaGenerateRequest", {"prompt": 1}, False),
        ("OllamaGenerateRequest", {"keep_alive": []}, False),
        ("EmbeddingRequest", {"input": "a", "model": None, "encoding_format": None}, True),
        ("EmbeddingRequest", {"input": ["a", "b"], "encoding_format": "base64"}, True),
        ("EmbeddingRequest", {"input": [1, 2.0], "dimensions": 8}, True),
        ("EmbeddingRequest", {"input": [[1], [2]], "whatever": []}, True),
        ("EmbeddingRequest", {}, False),
        ("EmbeddingRequest", {"input": ""}, False),
        ("EmbeddingRequest", {"input": []}, False),
        ("EmbeddingRequest", {"input": ["a", 1]}, False),
        ("EmbeddingRequest", {"input": ["a", ""]}, False),
        ("EmbeddingRequest", {"input": [[1], []]}, False),
        ("EmbeddingRequest", {"input": "a", "dimensions": 0}, False),
        ("EmbeddingRequest", {"input": "a", "encoding_format": "hex"}, False),
        ("OllamaEmbedRequest", {}, True),
        ("OllamaEmbedRequest", {"input": ["a", ""], "truncate": False, "dimensions": -1}, True),
        ("OllamaEmbedRequest", {"input": [1]}, False),
        ("OllamaEmbedRequest", {"input": "a", "options": []}, False),
        ("OllamaEmbeddingsRequest", {"prompt": "a", "keep_alive": 0}, True),
        ("OllamaEmbeddingsRequest", {"prompt": ["a"]}, False),
    ],
)
def test_what_is_described_is_what_is_taken(name, body, is_valid):
    dialect, operation = OPERATIONS[name]
    assert validator(name).is_valid(body) is is_valid
    try:
        spoken = load(CLIENT_DIALECTS[dialect])()
        of = spoken.embeddings if operation in EMBEDDING_OPERATIONS else spoken
        of.parse(operation, json.dumps(body).encode())
    except RequestError:
        assert not is_valid
    else:
        assert is_valid


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/v1/models", None, "ModelList"),
        ("/v1/models/auto", None, "ModelEntry"),
        ("/v1/route", chat(USER), "Decision"),
        ("/api/tags", None, "OllamaModels"),
        ("/api/version", None, "OllamaVersion"),
        ("/health/live", None, "Live"),
        ("/health/ready", None, "Readiness"),
    ],
)
async def test_what_is_answered_is_as_described(planes, path, body, name):
    found = await (await planes()).json(path, body)
    assert list(validator(name).iter_errors(found)) == []


@pytest.mark.parametrize(
    ("path", "name"), [("/v1/chat/completions", "OpenAIError"), ("/api/chat", "OllamaError")]
)
async def test_an_error_is_as_described(planes, path, name):
    response = await (await planes()).ask(path, {"messages": 5})
    assert response.status == 400
    assert list(validator(name).iter_errors(json.loads(response.body))) == []
