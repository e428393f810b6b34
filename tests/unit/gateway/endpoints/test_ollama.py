"""Ollama's endpoints beside chat, generate and show, for clients that take us for one."""

import hashlib
import json
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.catalog.served_models import ServedModel
from gearshift.gateway.endpoints import ollama
from gearshift.http.values import HttpRequest
from gearshift.types import ModelInfo, UpstreamState

ENTRY = {"name": "m:latest", "digest": "abc", "modified_at": "2025-01-01T00:00:00Z", "size": 7}


def gateway(*served, versions=()) -> Any:
    states = {str(n): UpstreamState(True, version=version) for n, version in enumerate(versions)}
    llm = SimpleNamespace(
        served_models=lambda allowed: list(served), upstream_states=lambda: states
    )
    return SimpleNamespace(llm=llm)


async def told(endpoint, of) -> Any:
    response = await endpoint(of, HttpRequest("GET", "/"))
    return json.loads(response.body)


async def test_it_says_what_clients_look_for_first():
    response = await ollama.root(gateway(), HttpRequest("GET", "/"))
    assert (response.status, response.body) == (200, b"Ollama is running")


@pytest.mark.parametrize(
    ("versions", "newest"),
    [
        ((), ollama.SPOKEN),
        ((None, "0.1.0"), ollama.SPOKEN),
        (("99.0.1", "0.1.0"), "99.0.1"),
        (("v99.1",), "v99.1"),
        (("unknown", "b1234"), ollama.SPOKEN),
        (("0.9.6", "0.14.0"), ollama.SPOKEN),
        (("0.100.0", "0.99.0"), "0.100.0"),
    ],
)
async def test_the_version_is_the_newest_that_is_understood(versions, newest):
    assert (await told(ollama.version, gateway(versions=versions)))["version"] == newest


async def test_an_ollamas_own_entry_is_passed_on_as_it_is():
    served = ServedModel("m", "model", "u", ModelInfo("m:latest", details=ENTRY))
    assert await told(ollama.tags, gateway(served)) == {"models": [ENTRY]}


async def test_other_models_and_our_own_names_get_an_entry():
    info = ModelInfo("big", parameters=7_248_000_000, size_bytes=123)
    served = [ServedModel("auto", "auto"), ServedModel("big", "model", "u", info)]
    auto, big = (await told(ollama.tags, gateway(*served)))["models"]
    assert (auto["name"], auto["model"], auto["size"]) == ("auto", "auto", 0)
    assert auto["digest"] == hashlib.sha256(b"auto").hexdigest()
    assert auto["details"]["parameter_size"] == ""
    assert (big["size"], big["details"]["parameter_size"]) == (123, "7.2B")
    assert big["modified_at"] == ollama.EPOCH


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/chat", {"message": {"role": "assistant", "content": ""}}),
        ("/api/generate", {"response": ""}),
    ],
)
@pytest.mark.parametrize(
    ("keep", "reason"),
    [(None, "load"), ("5m", "load"), (-1, "load"), (0, "unload"), ("0", "unload")],
)
async def test_engines_of_other_kinds_have_their_model_loaded(planes, path, said, keep, reason):
    plane = await planes()
    body = {"model": "gemma2:2b"} | ({} if keep is None else {"keep_alive": keep})
    found = await plane.json(path, body)
    assert (found["model"], found["done"], found["done_reason"]) == ("gemma2:2b", True, reason)
    assert {name: found[name] for name in said} == said
    assert plane.llm.providers["here"].asked == []


@pytest.mark.parametrize(("path", "name"), [("/api/chat", "chat"), ("/api/generate", "generate")])
async def test_an_ollama_is_asked_itself(planes, path, name):
    plane = await planes()
    asked = []

    async def native(method, path, body=None):
        asked.append((method, path, json.loads(body)))
        return 404, "application/json", b'{"error":"not pulled"}'

    plane.llm.providers["here"].native = native
    response = await plane.ask(path, {"model": "simple", "keep_alive": "1h"})
    assert (response.status, response.body) == (404, b'{"error":"not pulled"}')
    assert asked == [("POST", f"/api/{name}", {"model": "gemma2:2b", "keep_alive": "1h"})]
    assert plane.llm.in_flight.count == 0


def test_an_upstreams_own_answer_is_passed_on():
    response = ollama.passed((418, "text/x", b"tea"))
    assert (response.status, response.headers, response.body) == (
        418,
        {"content-type": "text/x"},
        b"tea",
    )
