"""Changes of models when something breaks: the upstream, the client, or the body on its way."""

import asyncio
import hashlib
import json
import tracemalloc
from contextlib import asynccontextmanager

import aiohttp
import pytest
from tests.fakes.ollama_store import OllamaStore
from tests.faults.raw import chunked

from gearshift.providers.ollama import OllamaProvider

SECONDS = 20
CONTENT = b"0123456789abcdef" * 4096
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
CHANGES = {
    "pull": {"model": "tiny"},
    "push": {"model": "gemma2:2b"},
    "create": {"model": "new", "from": "gemma2:2b"},
}


@pytest.fixture
async def site(gateway):
    """An Ollama, and the address of a gateway before it."""
    async with OllamaStore(models={"gemma2:2b": "a" * 64}) as store:
        upstream = {"name": "box", "provider": "ollama", "base_url": store.url}
        settings = {"upstreams": [upstream], "decision_log": {"url": None}}
        async with gateway(settings) as url:
            yield store, url


async def soon(event):
    async with asyncio.timeout(SECONDS):
        await event.wait()


@asynccontextmanager
async def asking(url, path, body, method="POST"):
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url + path, json=body) as answer,
    ):
        yield answer


async def lines(answer):
    return [json.loads(line) async for line in answer.content]


@pytest.mark.parametrize("name", CHANGES)
async def test_one_that_breaks_off_ends_with_an_error_that_clients_raise(site, name):
    store, url = site
    store.fault = "cut"
    async with asking(url, f"/api/{name}", CHANGES[name]) as answer:
        assert answer.status == 200
        first, last = await lines(answer)
    assert "status" in first
    assert "cut off" in last["error"]
    async with asking(url, f"/api/{name}", CHANGES[name] | {"stream": False}) as answer:
        assert answer.status == 502
        assert "cut off" in (await answer.json())["error"]


@pytest.mark.parametrize("name", CHANGES)
async def test_one_that_fails_says_what_the_upstream_says(site, name):
    store, url = site
    store.fault = "error"
    async with asking(url, f"/api/{name}", CHANGES[name]) as answer:
        assert (await lines(answer))[-1] == {"error": "max retries exceeded: EOF"}
    async with asking(url, f"/api/{name}", CHANGES[name] | {"stream": False}) as answer:
        assert answer.status == 500
        assert await answer.json() == {"error": "max retries exceeded: EOF"}
    store.fault = "refuse"
    async with asking(url, f"/api/{name}", CHANGES[name]) as answer:
        assert (answer.status, await answer.json()) == (500, {"error": "no space left on device"})


@pytest.mark.parametrize("fault", ["silent", "hang"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_ends_the_work(site, fault, stream):
    store, url = site
    store.fault = fault
    asked = asyncio.ensure_future(_whole(url, "/api/pull", {"model": "tiny", "stream": stream}))
    await soon(store.begun)
    asked.cancel()
    await soon(store.gone)
    assert "tiny:latest" not in store.models


async def _whole(url, path, body):
    async with asking(url, path, body) as answer:
        return await answer.read()


@pytest.mark.parametrize("fault", ["silent", "hang"])
@pytest.mark.parametrize("stream", [True, False])
async def test_one_that_says_nothing_more_is_given_up(site, monkeypatch, fault, stream):
    monkeypatch.setattr(OllamaProvider, "store_silence_seconds", 0.2)
    store, url = site
    store.fault = fault
    async with asking(url, "/api/pull", {"model": "tiny", "stream": stream}) as answer:
        has_begun = stream and fault == "hang"
        assert answer.status == (200 if has_begun else 504)
        error = (await lines(answer))[-1]["error"]
    assert "0.2 s" in error
    await soon(store.gone)


async def test_an_upstream_that_is_not_there(gateway):
    upstream = {"name": "box", "provider": "ollama", "base_url": "http://127.0.0.1:9"}
    async with gateway({"upstreams": [upstream], "decision_log": {"url": None}}) as url:
        for path, body in (
            ("/api/pull", {"model": "m"}),
            ("/api/copy", {"source": "a", "destination": "b"}),
        ):
            async with asking(url, path, body) as answer:
                assert answer.status == 502
                assert "cannot be reached" in (await answer.json())["error"]
        async with asking(url, f"/api/blobs/{DIGEST}", {}) as answer:
            assert answer.status == 502


# --- files


class Sender:
    """A client on a socket of its own, which sends a file piece by piece."""

    def __init__(self, url, *fields):
        self.port = int(url.rpartition(":")[2])
        self.fields = fields

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = (f"POST /api/blobs/{DIGEST} HTTP/1.1", "host: localhost", *self.fields, "", "")
        self.writer.write("\r\n".join(head).encode())
        return self

    async def __aexit__(self, *_):
        self.writer.transport.abort()

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def status(self):
        return int((await self.reader.readline()).split()[1])


LENGTH = f"content-length: {len(CONTENT)}"
CHUNKED = "transfer-encoding: chunked"


@pytest.mark.parametrize("size", [1000, 5000, len(CONTENT)])
@pytest.mark.parametrize("framing", [LENGTH, CHUNKED])
async def test_a_file_arrives_however_it_is_cut(site, framing, size):
    store, url = site
    body = (
        CONTENT if framing is LENGTH else chunked(CONTENT[:7], CONTENT[7:50_000], CONTENT[50_000:])
    )
    async with Sender(url, framing) as sender:
        for start in range(0, len(body), size):
            await sender.send(body[start : start + size])
        assert await sender.status() == 201
    assert store.blobs == {DIGEST.removeprefix("sha256:")}
    sent = store.asked[-1].headers
    assert sent.get("Content-Length") == (str(len(CONTENT)) if framing is LENGTH else None)


async def test_an_upload_begins_when_the_client_is_told_to_go_on(site):
    store, url = site
    async with Sender(url, LENGTH, "expect: 100-continue") as sender:
        assert await sender.status() == 100
        await sender.reader.readline()
        await sender.send(CONTENT)
        assert await sender.status() == 201
    store.blobs.clear()
    async with Sender(
        url, LENGTH, "expect: 100-continue", "origin: https://evil.example"
    ) as sender:
        assert await sender.status() == 403  # and nothing has been sent


async def test_a_slow_upstream_slows_the_client_and_memory_stays_flat(site):
    store, url = site
    store.go_on.clear()
    sent = 0
    async with Sender(url, "content-length: 1000000000") as sender:
        sending = asyncio.ensure_future(sender.writer.drain())
        while True:
            sender.writer.write(b"x" * 1_000_000)
            sending = asyncio.ensure_future(sender.writer.drain())
            done, _ = await asyncio.wait([sending], timeout=0.5)
            if not done:
                break
            sent += 1
            assert sent < 60, "everything was taken, though nobody reads it"
        store.go_on.set()
        await sending
        await soon(store.begun)


async def test_a_large_file_takes_no_memory(site):
    store, url = site
    piece, count = b"x" * 64 * 1024, 480  # 30 MB
    digest = hashlib.sha256(piece * count).hexdigest()

    async def pieces():
        for _ in range(count):
            yield piece

    tracemalloc.start()
    try:
        async with aiohttp.ClientSession() as session:
            address = f"{url}/api/blobs/sha256:{digest}"
            async with session.post(address, data=pieces()) as answer:
                assert answer.status == 201
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert store.received == len(piece) * count
    assert peak < 8_000_000  # of client, gateway and upstream together


@pytest.mark.parametrize("framing", ["content-length: 1000000", CHUNKED])
async def test_a_client_that_leaves_amid_a_file_ends_the_upload(site, framing):
    store, url = site
    async with Sender(url, framing) as sender:
        await sender.send(b"ff\r\n" + b"x" * 255)
        await soon(store.begun)
    await soon(store.gone)
    assert store.blobs == set()


async def test_an_upstream_that_breaks_off_amid_a_file(site):
    store, url = site
    store.fault = "cut"
    async with Sender(url, LENGTH) as sender:
        await sender.send(CONTENT[:1000])
        assert await sender.status() == 502


async def test_a_file_that_is_there_already_is_no_error_for_a_client_that_only_sends(site):
    store, url = site
    store.blobs.add(DIGEST.removeprefix("sha256:"))
    async with Sender(url, LENGTH) as sender:
        await sender.send(CONTENT)
        assert await sender.status() == 200


async def test_a_file_that_is_another_one_is_told_so(site):
    _, url = site
    async with Sender(url, "content-length: 3") as sender:
        await sender.send(b"abc")
        assert await sender.status() == 400
        assert b"digest mismatch" in await sender.reader.read(2000)


@pytest.mark.parametrize("bad", [b"zz\r\n", b"-1\r\n", b"5;" + b"x" * 30_000])
async def test_a_malformed_file_is_a_bad_request_and_goes_nowhere(site, bad):
    store, url = site
    async with Sender(url, CHUNKED) as sender:
        await sender.send(b"3\r\nabc\r\n")
        await sender.send(bad)
        assert await sender.status() == 400
    assert store.blobs == set()


async def test_a_client_that_sends_nothing_is_given_up(gateway):
    async with OllamaStore(models={}) as store:
        upstream = {"name": "box", "provider": "ollama", "base_url": store.url}
        limits = {"body_seconds": 0.2}
        settings = {"upstreams": [upstream], "decision_log": {"url": None}, "limits": limits}
        async with gateway(settings) as url, Sender(url, LENGTH) as sender:
            await sender.send(b"x")
            assert await sender.status() == 408
        await soon(store.gone)


async def test_two_files_on_one_connection(site):
    store, url = site
    other = f"sha256:{hashlib.sha256(b'b').hexdigest()}"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        for digest, content in ((DIGEST, CONTENT), (other, b"b"), (DIGEST, CONTENT)):
            async with session.post(f"{url}/api/blobs/{digest}", data=content) as answer:
                assert answer.status in (200, 201)
        async with session.head(f"{url}/api/blobs/{other}") as answer:
            assert answer.status == 200
        async with session.head(f"{url}/api/blobs/sha256:{'0' * 64}") as answer:
            assert answer.status == 404
    assert len(store.blobs) == 2
