"""One connection of a client: its requests in turn, and what HTTP/1.1 lets it ask for."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.fakes.dialects import SPOKEN, TEXT, Told
from tests.faults.raw import (
    BODY,
    MODEL,
    PATH,
    SMUGGLED,
    Site,
    answers,
    chunked,
    last,
    one_answer,
    question,
    request,
    site,
    sound,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LENGTH = f"content-length: {len(BODY)}"
COMPRESSED = gzip.compress(BODY, mtime=0)
GOOD = Told(TEXT, is_ended=True)
UPGRADES = {
    "h2c": (
        "connection: upgrade, http2-settings, close",
        "upgrade: h2c",
        "http2-settings: AAMAAAA",
    ),
    "websocket": ("connection: upgrade, close", "upgrade: websocket", "sec-websocket-version: 13"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(gateway) -> AsyncIterator[Site]:
    async with site(gateway) as one:
        yield one


@pytest.fixture
def gate(running: Site) -> Site:
    """The gateway of all tests here, its upstream asked for nothing yet."""
    running.upstream.answered.clear()
    return running


def told(body: bytes) -> Told:
    return SPOKEN["openai"].read(body, stream=False)


async def test_three_requests_in_one_packet_have_three_answers_in_order(gate: Site):
    stray = request(line="GET /nowhere HTTP/1.1")
    found = await gate.talk(sound() + stray + last())
    assert [answer.status for answer in found] == [200, 404, 200]
    assert told(found[0].body) == told(found[2].body) == GOOD
    assert [answer.headers.get("connection") for answer in found] == [None, None, "close"]


async def test_a_hundred_requests_in_one_packet(gate: Site):
    found = await gate.talk(sound() * 99 + last())
    assert [answer.status for answer in found] == [200] * 100
    assert gate.asked == 100


async def test_a_bad_request_after_a_good_one_spoils_only_itself(gate: Site):
    found = await gate.talk(sound() + request("x a: b") + sound(model=SMUGGLED))
    assert [answer.status for answer in found] == [200, 400]
    assert found[1].headers["connection"] == "close"
    assert gate.asked == 1


async def test_nothing_is_read_after_the_last_request(gate: Site):
    found = await gate.talk(last() + sound(model=SMUGGLED))
    assert [answer.status for answer in found] == [200]
    assert SMUGGLED not in gate.upstream.answered


async def test_byte_by_byte(gate: Site):
    (answer,) = await gate.talk(*(bytes([byte]) for byte in last()))
    assert (answer.status, told(answer.body)) == (200, GOOD)


async def test_a_stream_and_a_request_behind_it(gate: Site):
    body = question().replace(b"false", b"true")
    streamed = request(f"content-length: {len(body)}", body=body)
    first, second = await gate.talk(streamed + last())
    assert first.headers["transfer-encoding"] == "chunked"
    assert SPOKEN["openai"].read(first.body, stream=True) == GOOD
    assert told(second.body) == GOOD


@pytest.mark.parametrize("stream", [False, True])
async def test_http_1_0_gets_no_chunks(gate: Site, stream):
    body = question().replace(b"false", b"true" if stream else b"false")
    data = request(f"content-length: {len(body)}", line=f"POST {PATH} HTTP/1.0", body=body)
    async with gate.connected() as (reader, writer):
        writer.write(data)
        head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert SPOKEN["openai"].read(rest, stream=stream) == GOOD


async def test_http_1_0_may_keep_the_connection(gate: Site):
    kept = sound("connection: keep-alive", line=f"POST {PATH} HTTP/1.0")
    first, second = await gate.talk(kept + last())
    assert first.headers["connection"] == "keep-alive"
    assert second.status == 200


@pytest.mark.parametrize("path", ["/health/live", "/v1/models", "/nowhere", "/metrics", "/"])
async def test_head_has_the_headers_of_get_and_no_body(gate: Site, path):
    asked = request("connection: close", line=f"HEAD {path} HTTP/1.1")
    (of_head,) = await gate.talk(asked, methods=["HEAD", ""])
    (of_get,) = await gate.talk(asked.replace(b"HEAD", b"GET", 1))
    assert of_head.status == of_get.status
    assert set(of_head.headers) == set(of_get.headers)


@pytest.mark.parametrize("in_chunks", [False, True])
async def test_a_client_that_asks_first_is_told_to_go_on(gate: Site, in_chunks):
    framing = "transfer-encoding: chunked" if in_chunks else LENGTH
    async with gate.connected() as (reader, writer):
        writer.write(request(framing, "expect: 100-continue", "connection: close"))
        go_on = await one_answer(reader)
        assert go_on is not None
        assert (go_on.status, dict(go_on.headers)) == (100, {})
        assert gate.asked == 0
        writer.write(chunked(BODY) if in_chunks else BODY)
        (answer,) = await answers(reader)
    assert told(answer.body) == GOOD


async def test_a_client_that_asks_and_does_not_wait(gate: Site):
    found = await gate.talk(last("Expect: 100-Continue"))
    assert [answer.status for answer in found if answer.status != 100] == [200]


async def test_who_asks_to_send_too_much_is_told_before(gate: Site):
    found = await gate.talk(request("content-length: 99999999", "expect: 100-continue"))
    assert [answer.status for answer in found] == [413]


async def test_another_expectation_cannot_be_met(gate: Site):
    (answer,) = await gate.talk(sound("expect: a-cake"))
    assert answer.status == 417
    assert answer.headers["connection"] == "close"
    assert gate.asked == 0


@pytest.mark.parametrize("offer", UPGRADES.values(), ids=UPGRADES.keys())
@pytest.mark.parametrize("in_chunks", [False, True])
async def test_an_offer_to_change_protocols_is_ignored(gate: Site, offer, in_chunks):
    framing = "transfer-encoding: chunked" if in_chunks else LENGTH
    body = chunked(BODY) if in_chunks else BODY
    (answer,) = await gate.talk(request(*offer, framing, body=body))
    assert (answer.status, told(answer.body)) == (200, GOOD)
    assert not {"upgrade", "http2-settings"} & set(gate.upstream.answered[MODEL][-1].headers)


@pytest.mark.parametrize("offer", UPGRADES.values(), ids=UPGRADES.keys())
async def test_an_offer_hides_no_request(gate: Site, offer):
    found = await gate.talk(request(*offer, LENGTH, body=BODY) + sound(model=SMUGGLED))
    assert [answer.status for answer in found] == [200]
    assert SMUGGLED not in gate.upstream.answered


async def test_an_offer_without_a_body_is_ignored(gate: Site):
    offer = UPGRADES["websocket"]
    (answer,) = await gate.talk(request(*offer, line="GET /health/live HTTP/1.1"))
    assert answer.status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
async def test_other_methods_are_refused_and_their_bodies_read(gate: Site, method):
    found = await gate.talk(sound(line=f"{method} {PATH} HTTP/1.1") + last())
    assert [answer.status for answer in found] == [405, 200]
    assert found[0].headers["allow"] == "POST"
    assert gate.asked == 1


async def test_asterisk_of_options_is_a_path_that_nobody_has(gate: Site):
    (answer,) = await gate.talk(request("connection: close", line="OPTIONS * HTTP/1.1"))
    assert 400 <= answer.status < 500


@pytest.mark.parametrize("in_chunks", [False, True])
async def test_gzip_is_understood(gate: Site, in_chunks):
    body = gzip.compress(BODY)
    framing = "transfer-encoding: chunked" if in_chunks else f"content-length: {len(body)}"
    sent = chunked(body) if in_chunks else body
    fields = (framing, "content-encoding: gzip", "connection: close")
    (answer,) = await gate.talk(request(*fields, body=sent))
    assert answer.status == 200
    received = gate.upstream.answered[MODEL][-1]
    assert (received.body, "content-encoding" in received.headers) == (BODY, False)


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", BODY, 400),
        ("gzip", COMPRESSED[:-9], 400),
        ("deflate", b"\xff\xff", 400),
        ("gzip", gzip.compress(b" " * 40_000_000, mtime=0), 413),
        ("snappy", BODY, 415),
        ("gzip, gzip", gzip.compress(COMPRESSED, mtime=0), 415),
        ("zstd", BODY, 415),
    ],
    ids=["no gzip", "cut", "no deflate", "a bomb", "unknown", "twice", "not offered"],
)
async def test_a_body_that_is_not_what_its_encoding_says(gate: Site, encoding, body, status):
    fields = (f"content-encoding: {encoding}", f"content-length: {len(body)}", "connection: close")
    (answer,) = await gate.talk(request(*fields, body=body))
    assert answer.status == status
    assert gate.asked == 0


@pytest.mark.parametrize(
    "data",
    [
        sound(line=f"POST {PATH} HTTP/1.1").replace(LENGTH.encode(), b"content-length: 20"),
        request("transfer-encoding: chunked", body=BODY),
        request(LENGTH, "content-encoding: gzip", "connection: close", body=BODY),
        request(f"x-{MODEL}: a\x00b"),
        request(line=f"POST /{MODEL}\x00 HTTP/1.1"),
    ],
)
async def test_a_malformed_request_is_not_quoted(gate: Site, caplog, data):
    secret = "xyzzy-raw-prompt"
    with caplog.at_level(logging.DEBUG):
        found = await gate.talk(data.replace(b'"hi"', f'"{secret}"'.encode()))
    assert found[-1].status >= 400
    said = caplog.text + "".join(str(answer) for answer in found)
    assert secret not in said
    assert "Traceback" not in said


async def test_a_client_that_goes_away_in_the_middle_hurts_nobody(gate: Site):
    whole = sound()
    for cut in range(1, len(whole), 7):
        async with gate.connected() as (_, writer):
            writer.write(whole[:cut])
            await writer.drain()
            writer.transport.abort()
    (answer,) = await gate.talk(last())
    assert answer.status == 200
    assert gate.asked == 1


async def test_many_clients_that_send_nonsense_do_not_hold_up_one_that_does_not(gate: Site):
    nonsense = [gate.talk(b"\x00" * 1000) for _ in range(50)]
    *_, (answer,) = await asyncio.gather(*nonsense, gate.talk(last()))
    assert answer.status == 200
