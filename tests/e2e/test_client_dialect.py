"""A client dialect that gearshift does not know is served like its own, once it is registered."""

import asyncio
import json
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from tests.fakes import echo_dialect
from tests.fakes.dialects import SPOKEN, TEXT, WORDS
from tests.fakes.scripted import Act, ScriptedUpstream

import gearshift
from gearshift import registry

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = "/echo/v0/ask"
BROKEN, FAILING = "breaks-off", "refuses"
KEY = "a-key-of-some-length"


class Running(NamedTuple):
    """Sessions of a client and of an operator, and whom the gateway asks."""

    client: aiohttp.ClientSession
    admin: aiohttp.ClientSession
    upstream: ScriptedUpstream


def broken(answering):
    return [*answering.begun(), Act.RESET]


def failing(answering):
    body = answering.spoken.error("no such luck")
    return [answering.sized(body, status="400 Bad Request", kind="application/json")]


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        target = f"{echo_dialect.__name__}:EchoDialect"
        patch.setitem(registry.CLIENT_DIALECTS, "echo", target)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=registry.UPSTREAM_DIALECTS)
async def gateway(request, registered):
    """A gateway in this loop that knows the dialect, before an upstream of each other one."""
    scripts = {BROKEN: broken, FAILING: failing}
    models = ["gemma2:2b", "mistral:7b-instruct", *scripts]
    async with ScriptedUpstream(SPOKEN[request.param], models, scripts) as upstream:
        upstream.seen[BROKEN].set()
        stop, addresses = asyncio.Event(), asyncio.get_running_loop().create_future()
        given = {"upstreams": [upstream.settings("here")], "auth": {"api_keys": [KEY]}}
        settings = gearshift.Settings.model_validate(given)
        serving = gearshift.serve(
            settings, port=0, admin_port=0, ready=addresses.set_result, stop=stop
        )
        task = asyncio.ensure_future(serving)
        await asyncio.wait([task, addresses], return_when=asyncio.FIRST_COMPLETED)
        data, admin = addresses.result()
        headers = {"authorization": f"Bearer {KEY}"}
        async with (
            aiohttp.ClientSession(data, headers=headers) as client,
            aiohttp.ClientSession(admin) as operator,
        ):
            yield Running(client, operator, upstream)
        stop.set()
        await task


async def call(session, path, method="GET", **more: Any):
    async with session.request(method, path, **more) as response:
        return response.status, response.headers, await response.read()


async def ask(gateway, **body: Any):
    return await call(gateway.client, ASK, "POST", json=body)


async def test_a_whole_answer(gateway):
    status, headers, body = await ask(gateway, prompt="hi")
    assert (status, json.loads(body)) == (200, {"text": TEXT, "model": "gemma2:2b"})
    assert headers["x-gearshift-tier"] == "simple"
    asked = json.loads(gateway.upstream.answered["gemma2:2b"][-1].body)
    assert asked["messages"] == [{"role": "user", "content": "hi"}]


async def test_a_streamed_answer(gateway):
    status, headers, body = await ask(gateway, prompt="hi", stream=True)
    assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert body == b"".join(json.dumps(word).encode() + b"\n" for word in WORDS) + b"end\n"


async def test_an_empty_question_is_one(gateway):
    """Only Ollama's clients mean by it that a model is to be loaded."""
    status, headers, body = await ask(gateway, prompt="", model="simple")
    assert (status, json.loads(body)["text"]) == (200, TEXT)
    assert headers["x-gearshift-tier"] == "simple"


async def test_a_stream_that_breaks_off_says_so(gateway):
    status, _, body = await ask(gateway, prompt="hi", stream=True, model=BROKEN)
    piece, error = body.splitlines()
    assert (status, json.loads(piece)) == (200, WORDS[0])
    assert json.loads(error.removeprefix(b"! "))["wrong"]


async def test_an_upstreams_refusal_is_told_in_its_shape(gateway):
    status, _, body = await ask(gateway, prompt="hi", model=FAILING)
    assert (status, json.loads(body)) == (400, {"wrong": "no such luck"})


@pytest.mark.parametrize(
    ("method", "path", "status", "told", "more"),
    [
        ("POST", ASK, 400, "'prompt' must be a string.", {"json": {}}),
        ("POST", ASK, 401, "API key", {"headers": {"authorization": "Bearer of-nobody"}}),
        ("POST", ASK, 403, "web pages", {"headers": {"origin": "https://evil.example"}}),
        ("POST", ASK, 404, "model 'x' not found", {"json": {"prompt": "hi", "model": "x"}}),
        ("GET", ASK, 405, "use POST", {}),
        ("GET", "/echo//v0/nothing", 404, "not found: '/echo//v0/nothing'; see /v1/", {}),
        ("POST", "/echo/v0/shout", 404, "not available in this version", {}),
    ],
)
async def test_gearshifts_own_errors_are_told_in_its_shape(
    gateway, method, path, status, told, more
):
    found, _, body = await call(gateway.client, path, method, **more)
    assert found == status, body
    assert set(json.loads(body)) == {"wrong"}
    assert told in json.loads(body)["wrong"]


@pytest.mark.parametrize(
    ("path", "shape"), [("/nowhere", dict), ("/api/nowhere", str), ("/echo", dict)]
)
async def test_errors_elsewhere_keep_their_shape_and_show_the_way_to_all(gateway, path, shape):
    status, _, body = await call(gateway.client, path)
    assert (status, type(json.loads(body)["error"])) == (404, shape)
    assert b"/v1/models, /api/tags, /echo/v0/names" in body


async def test_its_other_routes_are_there(gateway):
    _, _, body = await call(gateway.client, "/echo/v0/names")
    assert "auto" in {each["id"] for each in json.loads(body)["data"]}


async def test_it_is_described(gateway):
    document = json.loads((await call(gateway.client, "/openapi.json"))[2])
    operation = document["paths"][ASK]["post"]
    assert operation["tags"] == ["echo"]
    assert set(echo_dialect.API.schemas) <= set(document["components"]["schemas"])
    answers = dict(operation["responses"])
    assert set(answers.pop("200")["content"]) == {"application/json", "text/plain"}
    names = [reference["$ref"].rpartition("/")[2] for reference in answers.values()]
    assert all(name.startswith("echo_") for name in names)
    for name in names:
        assert "EchoError" in json.dumps(document["components"]["responses"][name])


async def test_it_is_counted_under_its_name(gateway):
    await ask(gateway, prompt="hi")
    await ask(gateway)
    text = (await call(gateway.client, "/metrics"))[2].decode()
    requests = [line for line in text.splitlines() if 'dialect="echo"' in line]
    assert any('tier="simple"' in line and 'status="200"' in line for line in requests)
    assert any('tier=""' in line and 'status="400"' in line for line in requests)


async def test_it_is_logged_under_its_name(gateway):
    await ask(gateway, prompt="hi")
    rows = []
    async with asyncio.timeout(20):
        while not rows:  # the log is written in a thread of its own
            _, _, body = await call(gateway.admin, "/admin/api/requests?dialect=echo")
            rows = json.loads(body)["requests"]
    assert rows[0]["dialect"] == "echo"
