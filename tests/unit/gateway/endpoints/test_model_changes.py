"""Changes of models: passed on, told in log and metrics, and known at once."""

import json
import logging

import pytest

from gearshift.errors import FailureKind, UpstreamError

DONE = b'{"status":"success"}\n'


class Answer:
    def __init__(self, *pieces, status=200, content_type="application/x-ndjson"):
        self.status, self.content_type = status, content_type
        self.pieces = list(pieces)
        self.is_closed = False

    async def read(self):
        return self.pieces.pop(0) if self.pieces else b""

    async def whole(self):
        return b"".join(self.pieces)

    async def aclose(self):
        self.is_closed = True


@pytest.fixture
async def plane(planes):
    """A plane whose upstream answers changes with `plane.answers`, in turn."""
    plane = await planes()
    provider = plane.llm.providers["here"]
    plane.answers, plane.asked, plane.probed = [], [], []

    async def ask_store(method, path, body=None):
        plane.asked.append((method, path, json.loads(body)))
        answer = plane.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def probe(names):
        plane.probed.extend(names)

    provider.ask_store = ask_store
    plane.llm.health.probe = probe
    return plane


def counted(plane):
    text = plane.metrics.exposition()[1].decode()
    lines = [li for li in text.splitlines() if li.startswith("gearshift_model_changes_total{")]
    return {line.partition("{")[2] for line in lines}


async def read_all(response):
    found = b""
    while (piece := await response.body.read()) is not None:
        found += piece
    await response.body.aclose()
    return found


async def test_progress_is_passed_on_and_counted_once(plane, caplog):
    caplog.set_level(logging.INFO, "gearshift.gateway")
    plane.answers = [Answer(b'{"status":"pulling manifest"}\n', DONE)]
    response = await plane.ask("/api/pull", {"name": "m\n2"}, client="ann")
    assert (response.status, response.headers["content-type"]) == (200, "application/x-ndjson")
    assert response.headers["x-gearshift-upstream"] == "here"
    assert plane.llm.in_flight.count == 1
    assert (await read_all(response)).endswith(DONE)
    assert plane.asked == [("POST", "/api/pull", {"name": "m\n2", "stream": True})]
    assert plane.probed == ["here"]
    assert counted(plane) == {'operation="pull",result="done"} 1.0'}
    assert plane.llm.in_flight.count == 0
    (line,) = caplog.messages
    assert line.startswith(r"pull of 'm\n2' at here for ann: done after 0.")


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/api/copy", "POST", {"source": "a", "destination": "b"}),
        ("/api/delete", "DELETE", {"model": "a"}),
    ],
)
@pytest.mark.parametrize("status", [200, 404])
async def test_what_has_no_progress_is_answered_as_it_was(plane, path, method, body, status):
    plane.answers = [Answer(b'{"error":"x"}' if status == 404 else b"", status=status)]
    response = await plane.ask(path, body, method)
    assert response.status == status
    assert response.body == (b'{"error":"x"}' if status == 404 else b"")
    assert plane.asked == [(method, path, body)]
    assert plane.probed == (["here"] if status == 200 else [])
    assert plane.llm.in_flight.count == 0


@pytest.mark.parametrize("name", ["pull", "push", "create"])
async def test_whoever_wants_no_progress_gets_the_end_of_it(plane, name):
    plane.answers = [Answer(b'{"status":"x"}\n', DONE), Answer(b'{"error":"no space"}\n')]
    body = {"model": "m", "stream": False}
    response = await plane.ask(f"/api/{name}", body)
    assert (response.status, response.body) == (200, DONE.strip())
    assert response.headers["content-type"] == "application/json"
    assert plane.asked[0][2]["stream"] is True
    response = await plane.ask(f"/api/{name}", body)
    assert (response.status, response.body) == (500, b'{"error":"no space"}')
    assert plane.probed == ["here"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_before_any_progress_keeps_its_status(plane, stream):
    answer = Answer(b'{"error":"bad"}', status=400, content_type="application/json")
    plane.answers = [answer]
    response = await plane.ask("/api/create", {"model": "m", "stream": stream})
    assert (response.status, response.body) == (400, b'{"error":"bad"}')
    assert answer.is_closed
    assert counted(plane) == {'operation="create",result="failed"} 1.0'}


async def test_an_upstream_that_cannot_be_reached_is_told_in_ollamas_words(plane):
    plane.answers = [UpstreamError("cannot be reached: x", fault=FailureKind.UNREACHABLE)]
    response = await plane.ask("/api/push", {"model": "m"})
    assert response.status == 502
    assert "cannot be reached" in json.loads(response.body)["error"]
    assert counted(plane) == {'operation="push",result="failed"} 1.0'}
    assert plane.llm.in_flight.count == 0


async def test_a_client_that_leaves_is_counted_as_such(plane):
    answer = Answer(b'{"status":"x"}\n', DONE)
    plane.answers = [answer]
    response = await plane.ask("/api/pull", {"model": "m"})
    await response.body.read()
    await response.body.aclose()
    assert answer.is_closed
    assert counted(plane) == {'operation="pull",result="cancelled"} 1.0'}
    assert plane.probed == []


async def test_names_that_route_and_upstreams_without_models_are_refused(planes, plane):
    for body in ({"model": "auto"}, {"model": "simple:latest"}):
        assert (await plane.ask("/api/pull", body)).status == 400
    without = await planes()
    response = await without.ask("/api/pull", {"model": "m"})
    assert response.status == 501
    assert "upstreams" in json.loads(response.body)["error"]


async def test_a_large_body_is_read_where_it_holds_up_nobody(plane):
    plane.answers = [Answer(DONE)]
    body = {"model": "m", "from": "gemma2:2b", "template": "x" * 300_000}
    response = await plane.ask("/api/create", body)
    assert await read_all(response) == DONE
    assert plane.asked[0][2] == body | {"stream": True}
