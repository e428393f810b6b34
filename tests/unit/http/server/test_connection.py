"""One connection of a client: never more is written than it takes, whatever it asks for."""

import asyncio
import errno
import weakref

import pytest
from tests.fakes.transport import HIGH_WATER_BYTES, FakeServer

from gearshift.http.values import HttpLimits, HttpResponse

BIG = b"x" * 40_000
GET = b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


class Stream:
    """Pieces of a body; without a count, as many as are read."""

    def __init__(self, count=None, size=1000, hangs_after=None):
        self.left = count
        self.size = size
        self.hangs_after = hangs_after
        self.reads = 0
        self.is_closed = False

    async def read(self):
        self.reads += 1
        if self.hangs_after is not None and self.reads > self.hangs_after:
            await asyncio.Event().wait()
        if self.left is None or self.left > 0:
            self.left = None if self.left is None else self.left - 1
            return b"y" * self.size
        return None

    def abort_marker(self):
        return b"interrupted"

    async def aclose(self):
        self.is_closed = True


async def turns(count=50):
    for _ in range(count):
        await asyncio.sleep(0)


def server(answer, **limits):
    return FakeServer(asyncio.get_running_loop(), answer, HttpLimits(**limits))


async def big(request):
    return HttpResponse(200, {}, BIG)


def stuck(transport):
    """The client takes nothing from now on."""
    transport.takes_all = False
    return transport


HEAD = b" / HTTP/1.1\r\nhost: x\r\n"
KINDS = {
    "get": GET % 1,
    "head": b"HEAD" + HEAD + b"\r\n",
    "post": b"POST" + HEAD + b"content-length: 5000\r\n\r\n" + b"z" * 5000,
    "chunked": b"POST" + HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "continue": b"POST" + HEAD + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\nabc",
    "upgrade": b"GET" + HEAD + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n",
    "query": b"GET /?" + b"q" * 2000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
}


# --- a client that sends and never reads


@pytest.mark.parametrize("kind", [*KINDS, "mixture"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_pipelining_without_reading_is_held_back_and_ended(kind, streamed):
    async def answer(request):
        return HttpResponse(200, {}, Stream() if streamed else BIG)

    site = server(answer, send_seconds=2)
    client = stuck(site.connect())
    data = b"".join(KINDS.values()) if kind == "mixture" else KINDS[kind]
    for _ in range(12_000):
        if client.is_reading_paused:
            await turns()  # it may only have to wait for the answers to what it sent
        if client.is_reading_paused:
            break
        client.send(data)
    await turns()
    # Behind an offer to change protocols nothing is answered, so what comes is dropped.
    assert client.is_reading_paused or b"upgrade" in data
    assert client.largest <= HIGH_WATER_BYTES + len(BIG) + 1000
    asked = len(site.asked)
    site.later(1.9)
    await turns()
    assert not client.is_lost
    site.later(0.6)
    await turns()
    assert client.is_aborted
    assert len(site.asked) == asked
    client.go()
    await turns()
    assert not site.connections


async def test_one_packet_of_thousands_of_requests_is_cut_a_few_at_a_time():
    held = asyncio.Event()

    async def answer(request):
        await held.wait()
        return HttpResponse(200, {}, b"")

    site = server(answer)
    client = site.connect()
    client.send(GET % 1 * 3000)
    await turns()
    (connection,) = site.connections
    assert len(connection._in.waiting) <= 8 + 4096 // len(GET % 1)
    assert client.is_reading_paused
    held.set()
    while len(site.asked) != 3000:
        await turns()
    await turns()
    assert client.taken.count(b"HTTP/1.1 200 OK") == 3000
    assert not client.is_reading_paused


async def test_a_large_body_behind_an_answer_in_progress_stays_with_the_client():
    held = asyncio.Event()
    bodies = []

    async def answer(request):
        bodies.append(len(request.body))
        if request.method == "GET":
            await held.wait()
        return HttpResponse(200, {}, b"")

    site = server(answer)
    client = site.connect()
    client.send(GET % 1 + b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n")
    sent = 0
    while not client.is_reading_paused:
        client.send(b"z" * 10_000)
        sent += 10_000
        await turns(3)
    assert sent < 100_000
    held.set()
    await turns()
    while sent < 300_000:
        client.send(b"z" * 10_000)
        sent += 10_000
    await turns()
    assert bodies == [0, 300_000]


# --- a client that reads slowly


async def test_answers_come_in_order_and_whole_to_a_client_that_takes_little_at_a_time():
    async def answer(request):
        return HttpResponse(200, {}, request.path.encode() + b"=" + BIG)

    site = server(answer, send_seconds=1)
    client = stuck(site.connect())
    client.send(b"".join(GET % number for number in range(6)) + LAST)
    while not client.is_lost and len(site.asked) < 100:
        await turns(5)
        client.take(7_000)
        site.later(0.5)
        if not client.buffer and b"/last=" in client.taken:
            break
    assert [client.taken.find(b"/%d=" % number) > 0 for number in range(6)] == [True] * 6
    assert client.taken.endswith(BIG)
    assert client.largest <= HIGH_WATER_BYTES + len(BIG) + 1000


async def test_who_takes_something_all_the_time_is_not_cut_off_however_long_it_takes():
    site = server(lambda request: whole(b"x" * 1_000_000), send_seconds=1)
    client = stuck(site.connect())
    client.send(LAST)
    await turns()
    while client.buffer:
        client.take(10_000)
        site.later(0.9)
        await turns(3)
    assert client.taken.endswith(b"x" * 1000)
    assert len(client.taken) > 1_000_000


async def whole(body):
    return HttpResponse(200, {}, body)


async def test_a_stream_waits_for_its_client():
    stream = Stream(count=1000)
    site = server(lambda request: pieces(stream))
    client = stuck(site.connect())
    client.send(GET % 1)
    await turns(300)
    reads = stream.reads
    assert reads < 100
    assert client.is_reading_paused
    await turns(50)
    assert stream.reads == reads
    client.takes_all = True
    client.take()
    while not client.taken.endswith(b"0\r\n\r\n"):
        await turns()
    assert client.taken.count(b"y" * 1000) == 1000
    assert stream.is_closed
    assert not client.is_reading_paused
    client.send(GET % 2)  # and the connection is of use again
    await turns()
    assert len(site.asked) == 2


async def pieces(stream):
    return HttpResponse(200, {}, stream)


@pytest.mark.parametrize("how", ["go", "half_close", "stall"])
async def test_a_stream_whose_client_takes_nothing_more_is_ended(how):
    stream = Stream()
    site = server(lambda request: pieces(stream), send_seconds=3)
    client = stuck(site.connect())
    client.send(GET % 1)
    await turns(300)
    if how == "stall":
        site.later(3.5)
    else:
        getattr(client, how)()
    await turns()
    assert stream.is_closed
    site.later(3.5)
    await turns()
    assert client.is_lost
    assert not site.connections


async def test_what_is_left_at_the_end_has_its_time_too():
    """An answer below the high-water mark, then a keep-alive that runs out, then nothing."""
    site = server(lambda request: whole(b"x" * 1000), send_seconds=5, keep_alive_seconds=2)
    client = stuck(site.connect())
    client.send(GET % 1)
    await turns()
    site.later(2.5)
    assert client.is_closing()
    assert not client.is_lost
    site.later(4)
    assert not client.is_lost
    site.later(2)
    await turns()
    assert client.is_aborted
    assert not site.connections


# --- a client that asks whether it may go on


async def test_who_asks_to_go_on_behind_another_request_is_told_when_its_turn_comes():
    held = asyncio.Event()

    async def answer(request):
        await held.wait()
        return HttpResponse(200, {}, request.body)

    site = server(answer)
    client = site.connect()
    head = b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n"
    client.send(GET % 1 + head)
    await turns()
    assert client.taken == b""
    held.set()
    await turns()
    assert client.taken.endswith(b"\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
    client.send(b"abc")
    await turns()
    assert client.taken.endswith(b"\r\n\r\nabc")
    assert client.taken.count(b"100 Continue") == 1


# --- the end of the server


def interrupted(site):
    site.is_leaving = site.is_interrupted = True
    for connection in list(site.connections):
        connection.interrupt()


@pytest.mark.parametrize("begun", range(4))
async def test_a_handler_that_is_interrupted_is_answered_with_503_whether_it_has_begun_or_not(
    begun,
):
    async def answer(request):
        await asyncio.Event().wait()

    site = server(answer)
    client = site.connect()
    client.send(GET % 1)
    await turns(begun)
    interrupted(site)
    await turns()
    assert client.taken.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close\r\n" in client.taken
    assert len(site.asked) <= 1


async def test_a_request_that_comes_while_the_server_ends_is_told_so():
    site = server(big)
    client = site.connect()
    interrupted(site)
    client.send(GET % 1)
    await turns()
    assert client.taken.startswith(b"HTTP/1.1 503 ")
    assert site.asked == []


async def test_a_stream_that_is_interrupted_ends_with_a_word():
    stream = Stream(hangs_after=2)
    site = server(lambda request: pieces(stream))
    client = site.connect()
    client.send(GET % 1)
    await turns()
    interrupted(site)
    await turns()
    assert stream.is_closed
    assert client.taken.endswith(b"\r\nb\r\ninterrupted\r\n0\r\n\r\n")


async def test_a_whole_answer_that_is_still_being_taken_is_not_spoilt_by_the_interruption():
    site = server(lambda request: whole(b"x" * 200_000))
    client = stuck(site.connect())
    client.send(GET % 1)
    await turns()
    interrupted(site)
    await turns()
    assert not client.is_aborted
    client.take()
    assert client.taken.endswith(b"x" * 1000)
    assert b"503" not in client.taken


async def test_a_client_that_goes_while_its_handler_cleans_up_does_not_disturb_it():
    cleaned = []

    async def answer(request):
        try:
            await asyncio.Event().wait()
        finally:
            await turns(3)
            cleaned.append(True)

    site = server(answer)
    client = site.connect()
    client.send(GET % 1)
    await turns(3)
    client.half_close()
    await turns()
    assert cleaned == [True]
    assert not site.connections


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("how", ["go", "half_close"])
async def test_nothing_of_a_request_is_left_to_the_garbage_collector(
    without_garbage_collection, streamed, how
):
    handlers = weakref.WeakSet()

    class Handler:
        async def answer(self, request):
            if streamed:
                return HttpResponse(200, {}, self)
            return await self.read()

        async def read(self):
            await asyncio.Event().wait()

        def abort_marker(self):
            return b""

        async def aclose(self):
            pass

    async def answer(request):
        handler = Handler()
        handlers.add(handler)
        return await handler.answer(request)

    site = server(answer)
    client = site.connect()
    client.send(GET % 1)
    await turns(3)
    assert len(handlers) == 1
    getattr(client, how)()
    del client
    await turns()
    assert not handlers


async def test_a_client_that_is_gone_before_the_loop_knows_it_is_let_go(monkeypatch):
    site = server(lambda request: whole(b"x"))
    client = site.connect()

    def not_connected():
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    monkeypatch.setattr(client, "write_eof", not_connected)
    client.send(LAST)
    await turns()
    assert client.is_aborted
    assert not site.connections


# --- bodies that are read as they come

FILE = b"POST /f/1 HTTP/1.1\r\nhost: x\r\n"


def streaming(answer, **limits):
    site = server(answer, **limits)
    site.streamed = (b"/f/",)
    return site


async def test_a_body_is_held_back_while_nobody_reads_it_whatever_its_size():
    goes_on = asyncio.Event()
    read = []

    async def answer(request):
        await goes_on.wait()
        while piece := await request.stream.read():
            read.append(len(piece))
        return HttpResponse(200, {}, b"ok")

    site = streaming(answer, max_body_bytes=10)
    client = site.connect()
    client.send(FILE + b"content-length: 10000000\r\n\r\n")
    sent = 0
    while not client.is_reading_paused:
        client.send(b"x" * 100_000)
        sent += 100_000
    await turns()
    assert sent < 1_000_000
    goes_on.set()
    while sent < 10_000_000:
        await turns(3)
        if not client.is_reading_paused:
            client.send(b"x" * 100_000)
            sent += 100_000
    await turns()
    assert sum(read) == 10_000_000
    assert max(read) < 1_000_000
    assert client.taken.endswith(b"\r\n\r\nok")
    assert b"connection: close" not in client.taken
    client.send(GET % 1)
    await turns()
    assert len(site.asked) == 2


async def test_a_client_is_told_to_go_on_only_by_whoever_wants_its_body():
    async def answer(request):
        if request.headers.get("x-wanted"):
            return HttpResponse(200, {}, await request.stream.read())
        return HttpResponse(403, {}, b"no")

    asks = b"expect: 100-continue\r\ncontent-length: 3\r\n"
    site = streaming(answer)
    refused = site.connect()
    refused.send(FILE + asks + b"\r\n")
    await turns()
    assert refused.taken.startswith(b"HTTP/1.1 403")
    assert b"connection: close" in refused.taken
    wanted = site.connect()
    wanted.send(FILE + asks + b"x-wanted: 1\r\n\r\n")
    await turns()
    assert wanted.taken == b"HTTP/1.1 100 Continue\r\n\r\n"
    wanted.send(b"abc")
    await turns()
    assert wanted.taken.endswith(b"\r\n\r\nabc")


async def test_what_is_left_of_a_body_ends_its_connection_and_is_no_request():
    async def answer(request):
        return HttpResponse(404, {}, b"no")

    site = streaming(answer)
    client = site.connect()
    client.send(FILE + b"content-length: 500\r\n\r\n" + GET % 1)
    await turns()
    assert client.taken.count(b"HTTP/1.1") == 1
    client.send(GET % 2)
    await turns()
    assert len(site.asked) == 1


async def test_a_client_that_leaves_amid_its_body_ends_the_answer():
    ended = asyncio.Event()

    async def answer(request):
        try:
            while await request.stream.read():
                pass
        finally:
            ended.set()

    for leave in ("go", "half_close"):
        ended.clear()
        site = streaming(answer)
        client = site.connect()
        client.send(FILE + b"content-length: 500\r\n\r\nabc")
        await turns()
        getattr(client, leave)()
        await turns()
        assert ended.is_set()


async def test_a_malformed_body_is_told_to_its_client():
    async def answer(request):
        while await request.stream.read():
            pass

    site = streaming(answer)
    client = site.connect()
    client.send(FILE + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
    await turns()
    client.send(b"zz\r\n")
    await turns()
    assert client.taken.startswith(b"HTTP/1.1 400")


async def test_two_bodies_one_after_the_other_on_one_connection():
    async def answer(request):
        found = b""
        while piece := await request.stream.read():
            found += piece
        return HttpResponse(200, {}, found)

    site = streaming(answer)
    client = site.connect()
    one = FILE + b"content-length: 3\r\n\r\nabc"
    two = FILE + b"transfer-encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n"
    client.send(one + two + one)
    await turns()
    assert [client.taken.count(word) for word in (b"abc", b"def", b"200 OK")] == [2, 1, 3]
