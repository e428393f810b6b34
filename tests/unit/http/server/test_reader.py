"""Bytes of one connection in, requests or refusals out, whatever the sizes in which they come."""

import gzip
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import RequestError
from gearshift.http.server.encoding import decoded
from gearshift.http.server.head import head
from gearshift.http.server.reader import (
    ParsedRequest,
    Phase,
    RejectedRequest,
    RequestReader,
)
from gearshift.http.values import HttpLimits, HttpRequest, HttpResponse

BODY = b'{"a": 1}'
POST = b"POST /v1/x?y HTTP/1.1\r\nhost: h\r\ncontent-length: 8\r\nX-A: b\r\n\r\n" + BODY
CHUNKED = (
    b"POST /c HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
    b'3\r\n{"a\r\n5\r\n": 1}\r\n0\r\nx-gearshift-tier: simple\r\n\r\n'
)
GET = b"GET /%41 HTTP/1.0\r\n\r\n"


def read(*pieces: bytes, limits=None):
    items: list[ParsedRequest | RejectedRequest] = []
    reader = RequestReader(limits or HttpLimits(), items.append, lambda: None)
    for piece in pieces:
        reader.feed(piece)
    return reader, items


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(ends)]


@given(st.lists(st.integers(0, 10_000), max_size=12))
def test_requests_are_the_same_however_their_bytes_are_cut(places):
    _, items = read(*cut(POST + CHUNKED + GET, places))
    requests = [item.request for item in items if isinstance(item, ParsedRequest)]
    assert [(r.method, r.path, r.body) for r in requests] == [
        ("POST", "/v1/x", BODY),
        ("POST", "/c", BODY),
        ("GET", "/A", b""),
    ]
    assert requests[0].headers["x-a"] == "b"
    assert "x-gearshift-tier" not in requests[1].headers
    assert [item.keeps_alive for item in items if isinstance(item, ParsedRequest)] == [
        True,
        True,
        False,
    ]


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
def test_whatever_comes_ends_in_at_most_one_refusal(data, places):
    reader, items = read(*cut(POST + data, places))
    assert isinstance(items[0], ParsedRequest)
    refusals = [item for item in items if isinstance(item, RejectedRequest)]
    assert len(refusals) <= 1
    if refusals:
        assert items[-1] is refusals[0]
        assert reader.phase is Phase.ENDED
        assert 400 <= refusals[0].error.status < 600


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (HttpLimits(max_body_bytes=7), 413),
        (HttpLimits(max_header_bytes=20), 431),
        (HttpLimits(max_headers=2), 431),
    ],
)
def test_limits(limits, status):
    for pieces in ([POST], [bytes([byte]) for byte in POST]):
        _, items = read(*pieces, limits=limits)
        assert isinstance(items[-1], RejectedRequest)
        assert items[-1].error.status == status


def test_limits_may_change_between_two_requests():
    reader, items = read(POST)
    reader.limits = HttpLimits(max_body_bytes=1)
    reader.feed(POST)
    assert isinstance(items[1], RejectedRequest)


def test_no_value_can_begin_a_header_of_its_own():
    response = HttpResponse(200, {"x-a": "b\r\nset-cookie: c"})
    written = head(response, "", length=0, keeps_alive=True, is_http_1_0=False)
    assert b"\r\nset-cookie" not in written
    assert written.count(b"\r\n\r\n") == 1


def compressed(body: bytes, encoding: str = "gzip") -> HttpRequest:
    return HttpRequest("POST", "/", {"content-encoding": encoding}, body)


async def test_a_compressed_body_is_decoded_within_its_limit():
    packed = gzip.compress(b"a" * 100_000)
    assert (await decoded(compressed(packed), 100_000)).body == b"a" * 100_000
    for request, status in [
        (compressed(packed), 413),
        (compressed(packed[:-5]), 400),
        (compressed(b"none"), 400),
        (compressed(packed, "br"), 415),
    ]:
        with pytest.raises(RequestError) as caught:
            await decoded(request, 99_999 if status == 413 else 1_000_000)
        assert caught.value.status == status


@pytest.mark.parametrize("behind", [GET, POST])
def test_nothing_is_read_behind_an_offer_to_change_protocols(behind):
    offer = b"POST / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: h2c\r\n"
    reader, items = read(offer + b"content-length: 5\r\n\r\nabcde" + behind)
    assert [item.request.body for item in items] == [b"abcde"]
    assert reader.phase is Phase.ENDED


# --- bodies that are read as they come

FILE = b"POST /f/1 HTTP/1.1\r\nhost: h\r\n"


def read_streamed(*pieces: bytes, limits=None):
    items: list[ParsedRequest | RejectedRequest] = []
    wanted = []
    reader = RequestReader(
        limits or HttpLimits(max_body_bytes=10),
        items.append,
        lambda: pytest.fail("not before it is read"),
        (b"/f/",),
        lambda *, asks: wanted.append(asks),
    )
    for piece in pieces:
        reader.feed(piece)
    return reader, items, wanted


@given(st.booleans(), st.lists(st.integers(0, 10_000), max_size=12))
async def test_a_streamed_body_is_the_same_however_its_bytes_are_cut(is_chunked, places):
    body = bytes(range(256)) * 4
    framing = b"transfer-encoding: chunked" if is_chunked else b"content-length: 1024"
    sent = b"3e8\r\n%b\r\n18\r\n%b\r\n0\r\n\r\n" % (body[:1000], body[1000:])
    data = FILE + framing + b"\r\n\r\n" + (sent if is_chunked else body) + POST
    reader, items, _ = read_streamed(*cut(data, places))
    first, second = items
    assert isinstance(first, ParsedRequest)
    stream = first.request.stream
    assert stream is not None
    assert (first.request.body, stream.length) == (b"", None if is_chunked else 1024)
    found = b""
    while piece := await stream.read():
        found += piece
    assert found == body
    assert stream.has_ended
    assert (second.request.path, second.request.body) == ("/v1/x", BODY)
    assert reader.phase is Phase.IDLE


@pytest.mark.parametrize(
    "head", [b"GET /f/1 HTTP/1.1\r\nhost: h\r\n\r\n", FILE + b"content-length: 0\r\n\r\n"]
)
def test_a_request_without_a_body_is_whole_on_any_path(head):
    _, items, _ = read_streamed(head)
    assert items[0].request.stream is None


def test_a_client_that_asks_is_told_when_its_body_is_read_and_not_before():
    _, items, wanted = read_streamed(FILE + b"content-length: 5\r\nexpect: 100-continue\r\n\r\n")
    assert len(items) == 1
    assert wanted == []
    _, items, _ = read_streamed(FILE + b"content-length: 5\r\nexpect: tea\r\n\r\n")
    assert isinstance(items[0], RejectedRequest)


@pytest.mark.parametrize("bad", [b"nonsense\r\n", b"5;" + b"x" * 20_000])
async def test_a_malformed_streamed_body_is_told_to_whoever_reads_it(bad):
    reader, items, _ = read_streamed(FILE + b"transfer-encoding: chunked\r\n\r\n", bad)
    (item,) = items
    with pytest.raises(RequestError):
        await item.request.stream.read()
    assert reader.phase is Phase.ENDED


def test_what_nobody_wants_is_not_read():
    reader, items, _ = read_streamed(FILE + b"content-length: 500\r\n\r\n", b"x" * 100)
    reader.abandon()
    reader.feed(b"y" * 400 + GET)
    assert len(items) == 1
    assert items[0].request.stream.held_bytes == 100


def test_an_offer_to_change_protocols_is_declined_before_a_streamed_body():
    offer = b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 5\r\n\r\n"
    reader, items, _ = read_streamed(FILE + offer, b"abcde" + GET)
    (item,) = items
    assert not item.keeps_alive
    assert item.request.stream.held_bytes == 5
    assert item.request.stream.has_ended
    assert reader.phase is Phase.ENDED
