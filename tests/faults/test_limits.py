"""What one client may cost: every limit cuts off, says so, and spares the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest
import pytest_asyncio
from tests.faults.raw import (
    BODY,
    PATH,
    Answer,
    Site,
    answers,
    chunked,
    last,
    one_answer,
    request,
    site,
    sound,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LENGTH = f"content-length: {len(BODY)}"
LIMITS = {
    "max_header_bytes": 4000,
    "max_headers": 20,
    "max_body_bytes": 10_000,
    "header_seconds": 0.3,
    "body_seconds": 0.3,
    "keep_alive_seconds": 0.3,
    "max_connections": 40,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(gateway) -> AsyncIterator[Site]:
    async with site(gateway, LIMITS) as one:
        yield one


@pytest.fixture
def gate(running: Site) -> Site:
    """The gateway of all tests here, its upstream asked for nothing yet."""
    running.upstream.answered.clear()
    return running


def is_refused(gate: Site, found: list[Answer], status: int) -> None:
    assert [answer.status for answer in found] == [status]
    assert found[0].headers["connection"] == "close"
    assert found[0].error
    assert gate.asked == 0


# --- sizes


@pytest.mark.parametrize("size", [4001, 100_000, 2_000_000])
async def test_a_long_url_is_refused(gate: Site, size):
    found = await gate.talk(sound(line=f"POST {PATH}?{'a' * size} HTTP/1.1"))
    assert found[0].status in (414, 431)
    is_refused(gate, found, found[0].status)


@pytest.mark.parametrize("size", [4000, 100_000, 2_000_000])
@pytest.mark.parametrize("where", ["name", "value", "many"])
async def test_large_headers_are_refused(gate: Site, size, where):
    data = {
        "name": sound(f"{'a' * size}: b"),
        "value": sound(f"x-a: {'b' * size}"),
        "many": sound(*[f"x-{n}: {'b' * (size // 10)}" for n in range(10)]),
    }[where]
    is_refused(gate, await gate.talk(data), 431)


@pytest.mark.parametrize("size", [100_000, 2_000_000])
@pytest.mark.parametrize("start", ["x-a: ", "x", "x-a: b\r\nx-b: "])
async def test_a_header_that_does_not_end_is_refused(gate: Site, size, start):
    data = f"POST {PATH} HTTP/1.1\r\n{start}{'b' * size}".encode()
    is_refused(gate, await gate.talk(data), 431)


@pytest.mark.parametrize("count", [20, 1000, 50_000])
async def test_many_headers_are_refused(gate: Site, count):
    is_refused(gate, await gate.talk(sound(*(["a: b"] * count))), 431)


async def test_as_many_headers_as_are_allowed(gate: Site):
    more = [f"x-{n}: {'b' * 100}" for n in range(int(LIMITS["max_headers"]) - 3)]
    (answer,) = await gate.talk(last(*more))
    assert answer.status == 200


async def test_many_trailers_are_refused(gate: Site):
    trailers = b"a: b\r\n" * 1000
    body = chunked(BODY).removesuffix(b"\r\n") + trailers + b"\r\n"
    found = await gate.talk(request("transfer-encoding: chunked", body=body))
    assert found[0].status in (400, 431)
    is_refused(gate, found, found[0].status)


async def test_a_large_body_is_refused_before_it_is_read(gate: Site):
    async with gate.connected() as (reader, writer):
        writer.write(request("content-length: 10001"))
        is_refused(gate, await answers(reader), 413)


async def test_a_large_body_is_refused_though_it_is_sent(gate: Site):
    body = b" " * 5_000_000
    found = await gate.talk(request(f"content-length: {len(body)}", body=body))
    is_refused(gate, found, 413)


@pytest.mark.parametrize("size", [1, 100, 100_000])
async def test_a_large_body_in_chunks_is_refused(gate: Site, size):
    pieces = [b" " * size] * (10_001 // size + 1)
    found = await gate.talk(request("transfer-encoding: chunked", body=chunked(*pieces)))
    is_refused(gate, found, 413)


async def test_a_body_of_just_that_size_is_taken(gate: Site):
    body = BODY + b" " * (10_000 - len(BODY))
    data = request(f"content-length: {len(body)}", "connection: close", body=body)
    (answer,) = await gate.talk(data)
    assert answer.status == 200


async def test_chunk_extensions_are_no_way_around_the_limit(gate: Site):
    pieces = b"".join(b"1;%s\r\n \r\n" % (b"a" * 1000) for _ in range(2000))
    found = await gate.talk(request("transfer-encoding: chunked", body=pieces))
    assert found[0].status in (400, 413)
    is_refused(gate, found, found[0].status)


async def test_what_is_sent_after_the_refusal_is_not_read_for_ever(gate: Site):
    async with gate.connected() as (reader, writer):
        writer.write(request("content-length: 99999999"))
        answer = await one_answer(reader)
        assert answer is not None
        assert answer.status == 413
        with pytest.raises(ConnectionError):
            await send_for_ever(writer)


async def send_for_ever(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b" " * 10_000)
        await writer.drain()
        await asyncio.sleep(0.01)


# --- time


async def trickle(gate: Site, data: bytes, seconds: float = 0.05) -> list[Answer]:
    """Send a byte at a time until the gateway has enough, or all is said."""
    async with gate.connected() as (reader, writer):

        async def send() -> None:
            with suppress(ConnectionError):
                for byte in data:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(seconds)

        sending = asyncio.create_task(send())
        try:
            return await answers(reader)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


def is_cut_off(gate: Site, found: list[Answer]) -> None:
    """Closed, with 408 or without a word."""
    assert [answer.status for answer in found] in ([], [408])
    assert gate.asked == 0


async def test_a_head_that_comes_byte_by_byte_is_cut_off(gate: Site):
    is_cut_off(gate, await trickle(gate, sound("x-a: " + "b" * 1000)))


@pytest.mark.parametrize("start", [b"P", b"GET /", b"GET /\r\n", sound()[:30]])
async def test_a_head_that_stops_is_cut_off(gate: Site, start):
    is_cut_off(gate, await gate.talk(start))


async def test_a_client_that_says_nothing_is_cut_off(gate: Site):
    is_cut_off(gate, await gate.talk())


async def test_a_client_that_sends_only_line_ends_is_cut_off(gate: Site):
    found = await trickle(gate, b"\r\n" * 1000)
    assert [answer.status for answer in found] in ([], [400], [408])


async def test_line_ends_by_the_thousand_are_cut_off(gate: Site):
    found = await gate.talk(b"\r\n" * 100_000)
    assert [answer.status for answer in found] in ([], [400], [408])


async def test_a_second_head_that_comes_byte_by_byte_is_cut_off(gate: Site):
    async with gate.connected() as (reader, writer):
        writer.write(sound())
        assert (await one_answer(reader)) is not None
        writer.write(sound()[:30])
        found = await answers(reader)
    assert [answer.status for answer in found] in ([], [408])


@pytest.mark.parametrize("framing", [LENGTH, "transfer-encoding: chunked"])
@pytest.mark.parametrize("sent", [0, 10])
async def test_a_body_that_stops_is_cut_off(gate: Site, framing, sent):
    body = (BODY if framing is LENGTH else chunked(BODY))[:sent]
    is_cut_off(gate, await gate.talk(request(framing, body=body)))


async def test_a_body_that_never_makes_progress_is_cut_off(gate: Site):
    body = b"".join(b"1\r\n \r\n" for _ in range(2000))
    is_cut_off(gate, await trickle(gate, request("transfer-encoding: chunked", body=body), 0.02))


async def test_a_client_that_asks_to_go_on_and_does_not_is_cut_off(gate: Site):
    found = await gate.talk(request(LENGTH, "expect: 100-continue"))
    assert [answer.status for answer in found] in ([100], [100, 408])
    assert gate.asked == 0


async def test_an_idle_connection_is_closed_without_a_word(gate: Site):
    found = await gate.talk(sound())
    assert [answer.status for answer in found] == [200]


async def test_slow_clients_do_not_hold_up_others(gate: Site):
    slow = [asyncio.create_task(trickle(gate, sound())) for _ in range(20)]
    await asyncio.sleep(0.1)
    (answer,) = await gate.talk(last())
    assert answer.status == 200
    await asyncio.gather(*slow)


# --- connections


async def test_the_connection_that_is_too_many_is_told_so(gateway):
    limits = {"max_connections": 5}
    async with site(gateway, limits) as gate, AsyncExitStack() as stack:
        for _ in range(5):
            reader, writer = await stack.enter_async_context(gate.connected())
            writer.write(sound())
            assert (await one_answer(reader)) is not None
        found = await gate.talk(sound())
        assert [answer.status for answer in found] == [503]
        assert int(found[0].headers["retry-after"]) >= 1
        assert found[0].headers["connection"] == "close"
        # Those that are in go on.
        writer.write(sound())
        answer = await one_answer(reader)
        assert answer is not None
        assert answer.status == 200
        assert gate.asked == 6


async def test_there_is_room_again_when_others_have_gone(gateway):
    async with site(gateway, {"max_connections": 3}) as gate:
        for _ in range(10):
            (answer,) = await gate.talk(last())
            assert answer.status == 200


async def test_who_is_refused_at_the_door_does_not_take_a_place(gateway):
    async with site(gateway, {"max_connections": 2}) as gate, gate.connected() as (reader, writer):
        writer.write(sound())
        assert (await one_answer(reader)) is not None
        async with gate.connected():
            for _ in range(5):
                assert [one.status for one in await gate.talk(last())] == [503]
        writer.write(last())
        answer = await one_answer(reader)
        assert answer is not None
        assert answer.status == 200
