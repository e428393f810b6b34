"""An answer in whole lines, with nothing in it that its server should not have quoted."""

import pytest

from gearshift.errors import UpstreamError
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.masking import Mask
from gearshift.providers.store_answer import StoreAnswer

SECRET = "sk-very-secret"


class Response:
    """Bytes in pieces."""

    status, content_type = 200, "application/x-ndjson"

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.ends = []

    async def read(self):
        return self.pieces.pop(0) if self.pieces else b""

    def abort(self):
        self.ends.append("abort")

    def release(self):
        self.ends.append("release")


def answer(*pieces):
    response = Response(*pieces)
    mask = Mask(UpstreamConfig("u", "ollama", "http://x", api_key=SECRET))
    return StoreAnswer(response, mask), response  # type: ignore[arg-type] # stands for one


async def pieces(of):
    found = []
    while lines := await of.read():
        found.append(lines)
    return found


async def test_lines_come_whole_and_as_soon_as_they_are():
    told, response = answer(b'{"a":1}\n{"b"', b":2}", b"\n", b'{"c":3}\n{"d":4}\n', b'{"e":5}')
    assert await pieces(told) == [
        b'{"a":1}\n',
        b'{"b":2}\n',
        b'{"c":3}\n{"d":4}\n',
        b'{"e":5}',
    ]
    await told.aclose()
    assert response.ends == ["release"]


async def test_a_secret_is_hidden_however_it_is_cut():
    told, _ = answer(b'{"error":"wrong key sk-ver', b'y-secret"}\n')
    assert await told.whole() == b'{"error":"wrong key ***"}\n'


async def test_neither_a_line_nor_a_whole_answer_is_endless():
    for endless in (pieces, StoreAnswer.whole):
        told, response = answer(*[b"x" * 300_000] * 10)
        with pytest.raises(UpstreamError, match="more than"):
            await endless(told)
        assert response.ends == ["abort"]
    told, response = answer(*[b"x" * 300_000 + b"\n"] * 10)
    with pytest.raises(UpstreamError, match="an answer of more than"):
        await told.whole()
