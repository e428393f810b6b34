"""Whose connections are used, and what is asked again."""

import asyncio
import threading

import pytest
from tests.fakes.upstream import FaultUpstream

from gearshift import LLMInterface
from gearshift.config.loading import Settings
from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import HttpClient

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Keeping:
    """Answers and keeps connections open; with `dies`, closes without a byte after reading."""

    def __init__(self):
        self.asked = []
        self.connections = 0
        self.dies = False
        self.writers = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self.hang_up()

    async def hang_up(self):
        for writer in self.writers:
            writer.close()
            await writer.wait_closed()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.asked.append(head.partition(b" ")[0].decode())
                if self.dies:
                    break
                writer.write(HEAD)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        writer.close()


async def ask(client, method="GET"):
    response = await client.request(method, "/x", body=b"" if method == "POST" else None)
    try:
        return await response.body(10)
    finally:
        response.release()


async def test_a_post_that_was_read_and_not_answered_is_not_asked_again():
    async with Keeping() as server, HttpClient(server.url, "", 20) as client:
        await ask(client, "POST")
        server.dies = True
        with pytest.raises(UpstreamError) as caught:
            await ask(client, "POST")
        assert (
            caught.value.fault is FailureKind.UNREACHABLE
        )  # which others may repeat, within a budget
        assert server.asked == ["POST", "POST"]


async def test_a_get_is():
    async with Keeping() as server, HttpClient(server.url, "", 20) as client:
        await ask(client)
        server.dies = True
        with pytest.raises(UpstreamError):
            await ask(client)
        assert server.asked == ["GET", "GET", "GET"]


async def test_a_kept_connection_is_looked_at_before_it_is_used():
    async with Keeping() as server, HttpClient(server.url, "", 20) as client:
        await ask(client, "POST")
        await server.hang_up()  # seen by the client's socket, but not yet by its event loop
        assert await ask(client, "POST") == b"ok"
        assert (server.asked, server.connections) == (["POST", "POST"], 2)


async def test_knocking_holds_no_connection_and_opens_none_where_one_is_kept():
    async with Keeping() as server, HttpClient(server.url, "", 20) as client:
        await client.knock()
        await client.knock()
        assert await ask(client, "POST") == b"ok"
        for _ in range(3):
            await client.knock()
        assert await ask(client, "POST") == b"ok"
        assert (server.asked, server.connections) == (["POST", "POST"], 3)
        await server.hang_up()
        await client.knock()
        server._server.close()
        with pytest.raises(UpstreamError):
            await client.knock()


async def test_what_cannot_be_written_opens_no_connection():
    async with Keeping() as server, HttpClient(server.url, "", 20) as client:
        with pytest.raises(UpstreamError):
            await client.request("GET", "/x", headers={"a": "b\r\nc: d"})
        with pytest.raises(UpstreamError):
            await client.request("GET", "/x\r\n")
        with pytest.raises(UpstreamError):
            HttpClient(server.url, "sk\nx-injected: 1", 20)
        assert server.connections == 0


async def test_names_and_paths_in_other_scripts_are_written_as_they_must_be():
    async with (
        Keeping() as server,
        HttpClient(f"{server.url}/pfad/mit ü/%C3%A4", "", 20) as client,
    ):
        assert await ask(client) == b"ok"
    HttpClient("http://bücher.example/v1", "", 20)


async def test_what_every_request_has_is_in_probes_too():
    query = {"api-version": "2024-10-21", "a b": "c&d=é", "$filter": "x"}
    async with (
        FaultUpstream() as server,
        HttpClient(
            f"{server.url}/v1",
            "sk-1",
            2,
            headers={"Api-Key": "k", "x-tenant": "blue"},
            query=query,
        ) as client,
    ):
        for path in ("/models", "/models?b=1"):
            (await client.request("GET", path, headers={"x-tenant": "red", "x-a": "1"})).release()
        (await client.look("/health")).release()
    plain, after, health = server.received
    encoded = "api-version=2024-10-21&a%20b=c%26d%3D%C3%A9&$filter=x"
    assert (plain.query, after.query, health.query) == (encoded, f"b=1&{encoded}", encoded)
    for received in server.received:
        assert (received.headers["api-key"], received.headers["x-tenant"]) == ("k", "blue")
    assert (plain.headers["authorization"], plain.headers["x-a"]) == ("Bearer sk-1", "1")
    assert "authorization" not in health.headers


@pytest.mark.parametrize("url", ["http://{}", "http://user:word@{}"])
async def test_a_key_may_be_carried_in_another_way(url):
    async with FaultUpstream() as server:
        base_url = url.format(server.url.removeprefix("http://"))
        async with HttpClient(base_url, "", 2, credentials={"x-api-key": "k"}) as client:
            (await client.request("GET", "/v1/models")).release()
        own = {"Authorization": "Token t"}
        async with HttpClient(base_url, "sk-1", 2, headers=own) as client:
            (await client.request("GET", "/v1/models")).release()
    first, second = (received.headers for received in server.received)
    assert first["x-api-key"] == "k"
    assert "authorization" not in first
    assert second["authorization"] == "Token t"


@pytest.fixture
def elsewhere():
    """An upstream in a thread of its own, for tests that run event loops one after another."""
    ready, stop = threading.Event(), threading.Event()
    found = []

    async def run():
        async with FaultUpstream() as upstream:
            found.append(upstream)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    stop.set()
    thread.join()


def interface(upstream):
    one = {"name": "o", "provider": "ollama", "base_url": upstream.url}
    return LLMInterface(Settings.model_validate({"upstreams": [one]}))


@pytest.mark.parametrize("is_started", [False, True])
def test_one_interface_answers_in_several_event_loops(elsewhere, is_started):
    llm = interface(elsewhere)

    async def run():
        if is_started:
            await llm.start()
        return (await llm.chat_completion("hi")).content

    # No warning either: what the loop had opened was closed before its end.
    assert [asyncio.run(run()) for _ in range(3)] == ["one two three"] * 3
    asyncio.run(llm.aclose())


def test_and_in_several_at_once(elsewhere):
    llm = interface(elsewhere)
    said = []

    def run():
        said.append(asyncio.run(llm.chat_completion("hi")).content)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["one two three"] * 4


def test_a_loop_that_was_closed_without_a_word_is_forgotten(elsewhere):
    llm = interface(elsewhere)
    for _ in range(2):
        loop = asyncio.new_event_loop()
        answer = loop.run_until_complete(llm.chat_completion("hi"))
        assert answer.content == "one two three"
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
