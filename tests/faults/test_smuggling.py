"""Requests that two servers might read differently are refused; none reaches an upstream."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.faults.ambiguous import CHUNKED, IN_CHUNKS, INNER, NO_HTTP, REFUSED, TAKEN
from tests.faults.raw import (
    BODY,
    MODEL,
    SMUGGLED,
    Site,
    last,
    question,
    request,
    site,
    sound,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(gateway) -> AsyncIterator[Site]:
    async with site(gateway) as one:
        yield one


@pytest.fixture
def gate(running: Site) -> Site:
    """The gateway of all tests here, its upstream asked for nothing yet."""
    running.upstream.answered.clear()
    return running


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
async def test_what_can_be_read_in_two_ways_is_refused(gate: Site, data):
    (answer,) = await gate.talk(data)
    assert answer.status in (400, 405, 411, 413, 414, 431, 501, 505)
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"] == "application/json"
    assert answer.error
    assert gate.asked == 0
    assert SMUGGLED not in gate.upstream.answered


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
async def test_it_is_refused_after_a_sound_request_too(gate: Site, data):
    first, second = await gate.talk(sound() + data)
    assert first.status == 200
    assert 400 <= second.status < 600
    assert second.headers["connection"] == "close"
    assert gate.asked == 1
    assert SMUGGLED not in gate.upstream.answered


@pytest.mark.parametrize(
    "name",
    [
        *("two_lengths", "length_and_chunks", "chunked_identity", "two_codings_the_other_way"),
        *("size_of_letters", "bare_lf_everywhere", "folded", "nul_in_a_value", "two_hosts"),
    ],
)
async def test_it_is_refused_byte_by_byte(gate: Site, name):
    (answer,) = await gate.talk(*(bytes([byte]) for byte in REFUSED[name]))
    assert 400 <= answer.status < 600
    assert gate.asked == 0


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=NO_HTTP.keys())
async def test_what_is_no_http_is_closed(gate: Site, data):
    found = await gate.talk(data)
    assert [answer.status // 100 for answer in found] in ([], [4], [5])
    assert gate.asked == 0


@pytest.mark.parametrize("data", TAKEN.values(), ids=TAKEN.keys())
async def test_what_is_odd_but_clear_is_answered(gate: Site, data):
    (answer,) = await gate.talk(data)
    assert answer.status == 200
    assert gate.upstream.answered[MODEL][-1].body == BODY


async def test_trailers_are_no_headers(gate: Site):
    trailers = b"x-smuggled: 1\r\nauthorization: Bearer a\r\nx-gearshift-tier: none\r\n\r\n"
    body = IN_CHUNKS.removesuffix(b"\r\n") + trailers
    (answer,) = await gate.talk(request(CHUNKED, "connection: close", body=body))
    assert answer.status == 200
    assert "x-smuggled" not in gate.upstream.answered[MODEL][-1].headers


async def test_the_upstream_is_told_one_length_and_no_coding(gate: Site):
    fields = ("x-a: b", "Connection: close, x-hop", "x-hop: 1", "te: trailers", "keep-alive: 5")
    (answer,) = await gate.talk(request(CHUNKED, *fields, body=IN_CHUNKS))
    assert answer.status == 200
    headers = gate.upstream.answered[MODEL][-1].headers
    assert headers["content-length"] == str(len(BODY))
    assert headers["x-a"] == "b"
    assert not {"transfer-encoding", "x-hop", "te", "keep-alive", "connection"} & set(headers)


async def test_names_that_some_servers_take_for_others_do_not_pass(gate: Site):
    fields = ("transfer_encoding: chunked", "content_length: 3", "x.forwarded.for: y")
    (answer,) = await gate.talk(last(*fields))
    assert answer.status == 200
    headers = set(gate.upstream.answered[MODEL][-1].headers)
    assert not {"transfer_encoding", "content_length"} & headers


@pytest.mark.parametrize("path", ["//evil/v1", "/v1/../admin", "/v1/%2e%2e/x", "/%00", "/v1//x"])
async def test_no_path_of_a_client_reaches_the_upstream(gate: Site, path):
    before = len(gate.upstream.received)
    (answer,) = await gate.talk(last(line=f"POST {path} HTTP/1.1"))
    assert answer.status in (400, 404)
    sent = gate.upstream.received[before:]
    assert {asked.path for asked in sent} <= {"/v1/models", "/health"}


async def test_a_body_may_look_like_a_request(gate: Site):
    body = question() + b" " * 10
    data = request(f"content-length: {len(body)}", "connection: close", body=body)
    (answer,) = await gate.talk(data + INNER)
    assert answer.status == 200
    assert gate.asked == 1
    assert SMUGGLED not in gate.upstream.answered
