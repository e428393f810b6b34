"""Vectors go to the client with their own bytes or are written anew; or a model is loaded."""

import json
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from tests.fakes.finished import decision

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.gateway.endpoints import embeddings
from gearshift.http.values import HttpRequest
from gearshift.types import ChatResponse, Operation

DIALECTS: dict[str, Any] = {"openai": OpenAIDialect(), "ollama": OllamaDialect()}
OPENAI = b'{"object":"list", "data":[{"embedding":[0.50],"index":0}],"model":"alias","x":1.0}'
OLLAMA = b'{"model":"alias","embeddings":[[0.50]],"prompt_eval_count":3}'


class Native:
    """An Ollama that notes what is passed on to it."""

    dialect = "ollama"

    def __init__(self):
        self.received = []

    async def native(self, method, path, body=None):
        self.received.append((method, path, body))
        return 200, "application/json", b"loaded"


async def answered(client, upstream, raw, body, operation=Operation.EMBEDDING, provider=None):
    """The response of a client's endpoint where an upstream has said `raw`."""
    spoken, wire = DIALECTS[client].embeddings, DIALECTS[upstream].embeddings
    made = decision("embeddings", model="m", score=None)

    async def parse(received, form, operation):
        return form.parse(operation, received.body)

    async def asked(request):
        return ChatResponse(made, upstream, wire.decode_response(request, raw), 0.001)

    in_flight = SimpleNamespace(one=lambda: open("/dev/null"))  # noqa: SIM115 - any context will do
    llm = SimpleNamespace(
        embeddings=asked, decide=lambda _: made, providers={"local": provider}, in_flight=in_flight
    )
    gateway: Any = SimpleNamespace(parse=parse, llm=llm, upstream_dialects=DIALECTS)
    endpoint = embeddings.endpoint(operation, client, spoken)
    return await endpoint(gateway, HttpRequest("POST", "/", body=orjson.dumps(body)))


@pytest.mark.parametrize(("dialect", "raw"), [("openai", OPENAI), ("ollama", OLLAMA)])
async def test_the_upstreams_own_bytes_pass_but_for_the_model(dialect, raw):
    response = await answered(dialect, dialect, raw, {"input": "a"})
    assert response.body == raw.replace(b"alias", b"m")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-gearshift-tier"] == "embeddings"
    assert response.headers["x-gearshift-cache"] == "bypass"


async def test_another_dialect_is_written_anew():
    response = await answered("ollama", "openai", OPENAI, {"input": "a"})
    said = json.loads(response.body)
    assert (said["model"], said["embeddings"], said["total_duration"]) == ("m", [[0.5]], 1)
    assert b"0.50" in response.body  # with its digits
    response = await answered("openai", "ollama", OLLAMA, {"input": "a"})
    assert json.loads(response.body)["usage"]["prompt_tokens"] == 3


async def test_another_form_is_written_anew():
    response = await answered(
        "openai", "openai", OPENAI, {"input": "a", "encoding_format": "base64"}
    )
    assert json.loads(response.body)["data"][0]["embedding"] == "AAAAPw=="


async def test_a_large_answer_is_written_whole():
    vector = orjson.dumps([0.5] * 100_000)
    response = await answered("openai", "openai", OPENAI.replace(b"[0.50]", vector), {"input": "a"})
    assert vector in response.body
    assert json.loads(response.body)["model"] == "m"


@pytest.mark.parametrize(
    ("operation", "path"),
    [(Operation.EMBEDDING, "/api/embed"), (Operation.PROMPT_EMBEDDING, "/api/embeddings")],
)
async def test_a_model_is_loaded_by_an_ollama_that_has_it(operation, path):
    provider = Native()
    body = {"model": "x", "keep_alive": 0}
    response = await answered("ollama", "ollama", b"", body, operation, provider)
    assert response.body == b"loaded"
    assert provider.received == [("POST", path, b'{"model":"m","keep_alive":0}')]


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (Operation.EMBEDDING, {"model": "m", "embeddings": []}),
        (Operation.PROMPT_EMBEDDING, {"embedding": []}),
    ],
)
async def test_other_engines_have_loaded_theirs(operation, said):
    response = await answered("ollama", "openai", b"", {"model": "x"}, operation, object())
    assert json.loads(response.body) == said
