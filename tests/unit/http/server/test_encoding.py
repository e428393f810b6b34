"""Compressed bodies: read within bounds, or refused with the reason."""

import gzip
import zlib

import pytest

from gearshift.errors import RequestError
from gearshift.http.server.encoding import decoded
from gearshift.http.values import HttpRequest

TEXT = b'{"messages": []}'


def request(body, encoding):
    headers = {} if encoding is None else {"content-encoding": encoding}
    return HttpRequest("POST", "/v1/chat/completions", headers, body)


async def refused(body, encoding, limit=100):
    with pytest.raises(RequestError) as caught:
        await decoded(request(body, encoding), limit)
    return caught.value


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (None, TEXT),
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("GZip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
    ],
)
async def test_a_body_is_as_it_was_before_it_was_compressed(encoding, body):
    found = await decoded(request(body, encoding), len(TEXT))
    assert found.body == TEXT
    assert (found.method, found.path) == ("POST", "/v1/chat/completions")


async def test_no_body_has_no_encoding():
    assert (await decoded(request(b"", "br"), 1)).body == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x" * 100])
async def test_an_encoding_that_is_not_known_is_named_with_those_that_are(encoding):
    error = await refused(TEXT, encoding)
    assert (error.status, error.field) == (415, "content-encoding")
    assert error.headers == {"Accept-Encoding": "gzip, deflate"}
    assert repr(encoding[:40]) in error.message
    assert len(error.message) < 120


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
async def test_a_bomb_is_refused_before_it_is_unpacked(compress):
    encoding = "gzip" if compress is gzip.compress else "deflate"
    error = await refused(compress(b"0" * 10_000_000), encoding, limit=1000)
    assert error.status == 413
    assert "1000" in error.message


async def test_exactly_the_limit_is_taken_and_one_more_is_not():
    body = gzip.compress(b"a" * 1000)
    assert len((await decoded(request(body, "gzip"), 1000)).body) == 1000
    assert (await refused(body, "gzip", 999)).status == 413


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", TEXT),
        ("gzip", gzip.compress(TEXT)[:-3]),
        ("gzip", zlib.compress(TEXT)),
        ("deflate", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)[:-1] + b"x"),
    ],
)
async def test_what_is_not_what_it_says(encoding, body):
    error = await refused(body, encoding)
    assert (error.status, error.field, error.code) == (400, "body", "malformed_body")


async def test_a_large_one_is_unpacked_beside_the_loop(monkeypatch):
    import random

    noise = random.Random(1).randbytes(100_000)
    packed = gzip.compress(noise)
    assert len(packed) > 64 * 1024
    asked = []

    async def in_thread(purpose, function, *arguments):
        asked.append(purpose)
        return function(*arguments)

    monkeypatch.setattr("gearshift.http.server.encoding.in_thread", in_thread)
    assert (await decoded(request(packed, "gzip"), 200_000)).body == noise
    assert (await decoded(request(gzip.compress(TEXT), "gzip"), 200_000)).body == TEXT
    assert len(asked) == 1
