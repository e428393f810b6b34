"""Files of models: what their addresses may be, and what becomes of their bodies."""

import json

import pytest

from gearshift.http.values import HttpRequest

DIGEST = "sha256:" + "ab" * 32
PATH = f"/api/blobs/{DIGEST}"


class Answer:
    content_type = "application/json"

    def __init__(self, status, said=b""):
        self.status = status
        self.said = said
        self.is_closed = False

    async def whole(self):
        return self.said

    async def aclose(self):
        self.is_closed = True


class Body:
    length: int | None = None

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.has_ended = False

    async def read(self):
        piece = self.pieces.pop(0) if self.pieces else b""
        self.has_ended = not piece
        return piece


@pytest.fixture
async def plane(planes):
    """A plane whose upstream gives `plane.answer` after it has read `plane.reads` pieces."""
    plane = await planes()
    plane.answer, plane.reads, plane.asked = Answer(201), 99, []

    async def ask_store(method, path, body=None):
        got = b""
        for _ in range(plane.reads if body else 0):
            if not (piece := await body.read()):
                break
            got += piece
        plane.asked.append((method, path, got))
        return plane.answer

    plane.llm.providers["here"].ask_store = ask_store
    return plane


async def test_a_file_is_passed_on_as_it_comes(plane):
    response = await plane.ask(PATH, method="POST", stream=Body(b"ab", b"cd"))
    assert (response.status, response.body) == (201, b"")
    assert response.headers == {"x-gearshift-upstream": "here"}
    assert plane.asked == [("POST", PATH, b"abcd")]
    assert plane.answer.is_closed
    assert plane.llm.in_flight.count == 0


async def test_one_that_has_come_whole_too(plane):
    response = await plane.ask(PATH, "x", method="POST")
    assert response.status == 201
    assert plane.asked == [("POST", PATH, b'"x"')]


async def test_one_that_is_there_already_is_read_to_its_end_for_its_clients_sake(plane):
    plane.answer, plane.reads = Answer(200), 0
    body = Body(b"a", b"b", b"c")
    response = await plane.ask(PATH, method="POST", stream=body)
    assert response.status == 200
    assert body.has_ended


async def test_one_that_is_refused_is_not(plane):
    plane.answer, plane.reads = Answer(500, b'{"error":"no space"}'), 1
    body = Body(b"a", b"b", b"c")
    response = await plane.ask(PATH, method="POST", stream=body)
    assert (response.status, response.body) == (500, b'{"error":"no space"}')
    assert not body.has_ended


@pytest.mark.parametrize("status", [200, 404])
async def test_whether_it_is_there_is_asked(plane, status):
    plane.answer = Answer(status)
    response = await plane.ask(PATH, method="HEAD")
    assert (response.status, response.body) == (status, b"")
    assert plane.asked == [("HEAD", PATH, b"")]


@pytest.mark.parametrize(
    "digest",
    [
        "x",
        "sha256:" + "g" * 64,
        "sha256:" + "a" * 63,
        DIGEST + "\n",
        f"../delete/{DIGEST}",
        f"x/{DIGEST}",
        f"{DIGEST}/../../delete",
        "sha512:" + "a" * 64,
        f"{DIGEST} HTTP/1.1\r\nx: y",
    ],
)
@pytest.mark.parametrize("method", ["HEAD", "POST"])
async def test_an_address_that_is_no_digest_goes_nowhere(plane, digest, method):
    response = await plane.ask(f"/api/blobs/{digest}", method=method, stream=Body(b"a"))
    assert response.status == 400
    assert "digest" in json.loads(response.body)["error"]
    assert plane.asked == []


async def test_a_dash_may_stand_for_the_colon(plane):
    path = PATH.replace(":", "-")
    await plane.ask(path, method="HEAD")
    assert plane.asked == [("HEAD", path, b"")]


async def test_an_encoded_file_would_be_another_one(planes, plane):
    headers = {"host": "localhost", "content-encoding": "gzip"}
    response = await plane.handle(HttpRequest("POST", PATH, headers, stream=Body(b"a")))
    assert response.status == 415
    assert plane.asked == []


async def test_without_an_ollama_nothing_is_read(planes):
    plane = await planes()
    body = Body(b"a")
    response = await plane.ask(PATH, method="POST", stream=body)
    assert response.status == 501
    assert body.pieces == [b"a"]
