"""Clients that ask and never read cost a real gateway next to nothing, and are sent away."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from tests.e2e.conftest import Served, serving
from tests.fakes.dialects import SPOKEN
from tests.fakes.scripted import Forever, ScriptedUpstream, chunk

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL, OTHER = "gemma2:2b", "mistral:7b-instruct"
MOST_BYTES = 10_000_000


def endless(answering):
    return [answering.chunked(), Forever(chunk(answering.first() * 500))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gate(tmp_path_factory):
    cwd = tmp_path_factory.mktemp("slow")
    scripts = {MODEL: endless}
    async with ScriptedUpstream(SPOKEN["openai"], [MODEL, OTHER], scripts) as upstream:
        settings = {"upstreams": [upstream.settings("u")], "limits": {"send_seconds": 0.5}}
        (cwd / "config.yaml").write_text(json.dumps(settings))
        # Its start must not hold up the upstream, which lives in this loop.
        running = serving(cwd, "--config", "config.yaml")
        served = await asyncio.to_thread(running.__enter__)
        try:
            yield served
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: 127.0.0.1", *fields, "", ""]).encode()


def post(path: str, body: object, *fields: str) -> bytes:
    data = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    return "\r\n".join([*lines, f"content-length: {len(data)}", *fields, "", ""]).encode() + data


def chat(**more: object) -> bytes:
    messages = [{"role": "user", "content": "hi " * 50}]
    body = {"model": MODEL, "stream": True, "messages": messages, **more}
    return post("/v1/chat/completions", body)


OPENAPI = get("/openapi.json")
FLOODS = {
    "document": OPENAPI,
    "admin": OPENAPI,
    "stream": chat(),
    "mixture": OPENAPI
    + get("/nowhere")
    + post("/v1/route", {"messages": [{"role": "user", "content": "x" * 3000}]})
    + OPENAPI.replace(b"GET", b"HEAD")
    + post("/v1/feedback", {}, "expect: 100-continue")
    + chat(),
    "upgrade": get("/openapi.json", "connection: upgrade", "upgrade: h2c"),
}


def resident_bytes(served: Served) -> int:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


async def flood(port: int, data: bytes) -> None:
    """Send it 12,000 times over one socket, read nothing, until the gateway has enough."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    # Nothing is to be read from the socket, by asyncio either.
    transport = writer.transport
    assert isinstance(transport, asyncio.ReadTransport)
    transport.pause_reading()
    try:
        with suppress(ConnectionError):
            async with asyncio.timeout(30):
                for _ in range(120):
                    writer.write(data * 100)
                    await writer.drain()
                while True:
                    # Whoever is sent away learns of it by writing.
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.05)
    finally:
        writer.transport.abort()
        del reader


@pytest.mark.parametrize("kind", FLOODS)
async def test_pipelining_without_reading(gate: Served, kind):
    port = int((gate.admin if kind == "admin" else gate.url).rpartition(":")[2])
    await flood(port, FLOODS[kind][:100])  # whatever is allocated once
    before = resident_bytes(gate)
    largest = before

    async def watch() -> None:
        nonlocal largest
        while True:
            largest = max(largest, resident_bytes(gate))
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    try:
        await flood(port, FLOODS[kind])
    finally:
        watching.cancel()
    assert largest - before < MOST_BYTES
