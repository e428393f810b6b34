"""What the settings say that every request has, every request has; and nobody is shown it."""

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from tests.e2e.conftest import environment, serving
from tests.fakes.upstream import FaultUpstream

SECRET = "hunter2-and-more"
SIGNATURE = "sig-of+hunter2"


def entry(name: str, url: str, provider: str) -> dict:
    return {
        "name": name,
        "provider": provider,
        "base_url": url,
        "headers": {"api-key": "${UPSTREAM_SECRET}", "X-Tenant": "blue"},
        "query": {"api-version": "2024-10-21", "sig": SIGNATURE},
    }


def settings(cloud: FaultUpstream, local: FaultUpstream) -> dict:
    return {
        "upstreams": [
            {**entry("cloud", f"{cloud.url}/v1", "openai"), "health": {"path": "/health"}},
            entry("local", local.url, "ollama"),
        ],
        "tiered_routing": {
            "models": {"simple": "cloud/gemma2:2b", "complex": "local/mistral:7b-instruct"}
        },
    }


def asked(url: str, body: dict | None = None, **headers: str) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        return error.read()


def chat(url: str, tier: str, *, stream: bool = False) -> bytes:
    body = {"model": tier, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return asked(f"{url}/v1/chat/completions", body, **{"x-tenant": "red", "x-trace": "1"})


async def command(cwd, *arguments: str) -> str:
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "gearshift", *arguments],
        cwd=cwd,
        env=environment(HOME=str(cwd), UPSTREAM_SECRET=SECRET),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.stdout + run.stderr


@pytest.fixture
async def upstreams():
    async with FaultUpstream() as cloud, FaultUpstream() as local:
        yield cloud, local


async def spoken(url: str, admin: str, upstreams: tuple[FaultUpstream, ...]) -> list[bytes]:
    """What answers, errors and pages say."""
    said = [
        await asyncio.to_thread(chat, url, tier, stream=stream)
        for tier in ("simple", "complex")
        for stream in (False, True)
    ]
    assert all(b"one" in answer for answer in said)
    show = {"model": "mistral:7b-instruct"}
    assert b"model_info" in await asyncio.to_thread(asked, f"{url}/api/show", show)
    for upstream in upstreams:
        upstream.fault = "echoes_request"
    said += [await asyncio.to_thread(chat, url, tier) for tier in ("simple", "complex")]
    pages = [f"{url}/health/ready"]
    pages += [f"{admin}{page}" for page in ("/", "/admin/api/tiered-routing/config", "/metrics")]
    return said + [await asyncio.to_thread(asked, page) for page in pages]


async def test_headers_and_query_are_in_every_request_and_shown_nowhere(tmp_path, upstreams):
    cloud, local = upstreams
    file = tmp_path / "x.yaml"
    file.write_text(json.dumps(settings(cloud, local)))
    with serving(tmp_path, "--config", str(file), UPSTREAM_SECRET=SECRET) as gateway:
        said = await spoken(gateway.url, gateway.admin, upstreams)
    received = [*cloud.received, *local.received]
    answered = [*cloud.asked, *local.asked]
    shown = await command(tmp_path, "doctor", "--config", str(file))
    assert "***" in shown  # in place of what the upstreams quote
    said += [shown.encode(), (tmp_path / "stderr").read_bytes()]
    for secret in (SECRET, SIGNATURE, SIGNATURE.replace("+", "%2B")):
        assert [text for text in said if secret.encode() in text] == []
    assert {r.headers["api-key"] for r in received} == {SECRET}
    assert {r.headers["x-tenant"] for r in received} == {"blue"}
    assert {r.query for r in received} == {"api-version=2024-10-21&sig=sig-of%2Bhunter2"}
    assert {r.headers["x-trace"] for r in answered} == {"1"}
    assert {"/health", "/v1/models", "/v1/chat/completions"} <= {r.path for r in cloud.received}
    assert {"/api/tags", "/api/ps", "/api/show", "/api/chat"} <= {r.path for r in local.received}
