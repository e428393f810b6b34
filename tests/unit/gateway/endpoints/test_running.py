"""The models in memory: of Ollamas as they say it, of other engines as far as is known."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.catalog.served_models import ServedModel
from gearshift.errors import FailureKind, UpstreamError
from gearshift.gateway.endpoints.running import running
from gearshift.http.values import HttpRequest
from gearshift.pipeline.in_flight import InFlight
from gearshift.types import ModelInfo

NO_TIME = "0001-01-01T00:00:00Z"


def entry(name, expires_at=NO_TIME, **more):
    return {"name": name, "model": name, "expires_at": expires_at, **more}


def ollama(*entries, status=200, body=None, error=None):
    async def native(method, path, body_sent=None):
        assert (method, path) == ("GET", "/api/ps")
        if error is not None:
            raise error
        return status, "application/json", body or json.dumps({"models": entries}).encode()

    return SimpleNamespace(native=native)


async def told(served, **providers) -> Any:
    llm = SimpleNamespace(
        served_models=lambda allowed: list(served), providers=providers, in_flight=InFlight()
    )
    context: Any = SimpleNamespace(llm=llm)
    response = await running(context, HttpRequest("GET", "/api/ps"))
    assert llm.in_flight.count == 0
    assert isinstance(response.body, bytes)
    return json.loads(response.body)["models"]


def served(*names, upstream="a", **info):
    return [ServedModel(n, "model", upstream, ModelInfo(n, **info)) for n in names]


async def test_ollamas_entries_come_as_they_are_the_longest_first():
    one = entry("m", "2026-01-01T10:00:00.123456789Z", size_vram=5, context_length=7, later=[1])
    two = entry("n:latest", "2026-01-01T12:30:00+02:00")
    three = entry("m", "2026-01-01T10:45:00Z")
    found = await told(served("m", "n"), a=ollama(one, two), b=ollama(three))
    assert found == [three, two, one]


async def test_only_what_a_client_may_use_is_told():
    found = await told(served("m"), a=ollama(entry("m"), entry("secret")))
    assert [each["name"] for each in found] == ["m"]


@pytest.mark.parametrize(
    "broken",
    [
        ollama(status=404),
        ollama(body=b"<html>"),
        ollama(body=b"[1]"),
        ollama(error=UpstreamError("gone", fault=FailureKind.UNREACHABLE)),
        ollama(error=TimeoutError()),
    ],
)
async def test_one_that_does_not_say_hides_no_other(broken):
    found = await told(served("m"), a=broken, b=ollama(entry("m", expires_at=None)))
    assert found == [entry("m", expires_at=None)]


async def test_other_engines_keep_their_models():
    there = served("a", upstream="engine", is_resident=True, context_length=4096, size_bytes=9)
    absent = served("b", upstream="engine", is_resident=False)
    unknown = served("c", upstream="engine")
    own = [ServedModel("auto", "auto")]
    (one,) = await told([*own, *there, *absent, *unknown], engine=object())
    assert (one["name"], one["context_length"], one["size"], one["size_vram"]) == ("a", 4096, 9, 0)
    assert one["expires_at"] > "2100"
    assert "modified_at" not in one


async def test_all_are_asked_at_once():
    both = asyncio.Barrier(2)

    async def native(method, path, body=None):
        await both.wait()
        return 200, "application/json", json.dumps({"models": [entry("m")]}).encode()

    asked = SimpleNamespace(native=native)
    assert len(await told(served("m"), a=asked, b=asked)) == 2
