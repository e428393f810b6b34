"""Answers as bytes: whole, in pieces, and what is said where one is broken off."""

import asyncio
from typing import cast

import pytest
from tests.fakes.transport import FakeServer, FakeTransport

from gearshift.http.server.answer_writer import AnswerWriter, Sent
from gearshift.http.server.outgoing import Outgoing
from gearshift.http.server.reader import ParsedRequest
from gearshift.http.server.state import ServerState
from gearshift.http.values import HttpRequest, HttpResponse

MODERN = ParsedRequest(HttpRequest("GET", "/"), keeps_alive=True, is_http_1_0=False)
OLD = MODERN._replace(is_http_1_0=True)


class Client(asyncio.Protocol):
    """A connection with nothing but its writer."""

    def __init__(self):
        self.server = FakeServer(asyncio.get_running_loop())
        self.transport = FakeTransport(self)

    def connection_made(self, transport):
        self.out = Outgoing(self.server.loop, transport)
        self.writer = AnswerWriter(cast(ServerState, self.server), transport, self.out)

    def pause_writing(self):
        self.out.pause(0.0)

    def resume_writing(self):
        self.out.resume()

    @property
    def body(self):
        return self.transport.taken.partition(b"\r\n\r\n")[2]


class Pieces:
    """A body in pieces; after the last one it waits, if it is told to."""

    def __init__(self, *pieces, waits=False):
        self.pieces = list(pieces)
        self.waits = waits
        self.is_closed = False

    async def read(self):
        if self.pieces:
            return self.pieces.pop(0)
        if self.waits:
            await asyncio.Event().wait()
        return None

    def abort_marker(self):
        return b"broken off"

    async def aclose(self):
        self.is_closed = True


async def stream(client, pieces, item=MODERN):
    await client.writer.stream(HttpResponse(200, {}, pieces), pieces, item, keeps_alive=True)


async def test_a_whole_answer_tells_its_length():
    client = Client()
    client.writer.send(HttpResponse(200, {}, b"abc"), MODERN, keeps_alive=True)
    assert b"content-length: 3\r\n" in client.transport.taken
    assert client.body == b"abc"
    assert client.writer.sent is Sent.ALL


async def test_of_an_answer_to_head_the_head_alone_is_sent():
    client = Client()
    item = MODERN._replace(request=HttpRequest("HEAD", "/"))
    client.writer.send(HttpResponse(200, {}, b"abc"), item, keeps_alive=True)
    assert b"content-length: 3\r\n" in client.transport.taken
    assert client.body == b""


@pytest.mark.parametrize(
    ("item", "body"), [(MODERN, b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"), (OLD, b"abc")]
)
async def test_pieces_are_chunks_for_whoever_knows_them(item, body):
    client, pieces = Client(), Pieces(b"ab", b"", b"c")
    await stream(client, pieces, item)
    assert client.body == body
    assert client.writer.sent is Sent.ALL
    assert pieces.is_closed


async def test_no_piece_is_read_before_the_last_one_is_taken():
    client, pieces = Client(), Pieces(b"x" * 100_000, b"y")
    client.transport.takes_all = False
    writing = asyncio.create_task(stream(client, pieces))
    await asyncio.sleep(0)
    assert (pieces.pieces, client.writer.sent) == ([b"y"], Sent.PART)
    client.transport.take()
    await writing
    assert client.writer.sent is Sent.ALL


@pytest.mark.parametrize("item", [MODERN, OLD])
async def test_what_the_server_breaks_off_ends_with_a_word(item):
    client, pieces = Client(), Pieces(b"ab", waits=True)
    writing = asyncio.create_task(stream(client, pieces, item))
    await asyncio.sleep(0)
    client.server.is_interrupted = True
    writing.cancel()
    await writing
    assert b"broken off" in client.body
    assert client.body.endswith(b"0\r\n\r\n") is (item is MODERN)
    assert client.writer.sent is Sent.ALL
    assert pieces.is_closed


@pytest.mark.parametrize("has_begun", [True, False])
async def test_who_has_gone_is_told_nothing_more(has_begun):
    client, pieces = Client(), Pieces(*([b"ab"] if has_begun else []), waits=True)
    writing = asyncio.create_task(stream(client, pieces))
    await asyncio.sleep(0)
    client.server.is_interrupted = True
    client.transport.go() if has_begun else None
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert b"broken off" not in client.transport.taken
    assert client.writer.sent is (Sent.PART if has_begun else Sent.NOTHING)
    assert pieces.is_closed
