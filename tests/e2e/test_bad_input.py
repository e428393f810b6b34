"""Bad input gets a 4xx in the client's dialect; nothing dies or waits, no prompt is logged."""

import asyncio
import io
import json
import time

import aiohttp
import pytest
from tests.e2e import bad_bodies
from tests.e2e.bad_bodies import body as chat
from tests.e2e.bad_bodies import error_of

DIALECTS = {"openai": "/v1/chat/completions", "ollama": "/api/chat"}
SPOKEN = {**DIALECTS, "anthropic": "/v1/messages", "responses": "/v1/responses"}
SECRET = "xyzzy-secret-prompt"


def said(content) -> bytes:
    return chat(messages=[{"role": "user", "content": content}])


async def post(url, body, *, method="POST", **headers):
    headers = {"content-type": "application/json", **headers}
    if isinstance(body, bytes):
        body = io.BytesIO(body)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=body, headers=headers) as response,
    ):
        return response.status, response.headers, await response.read()


@pytest.mark.parametrize("route", bad_bodies.routes(), ids=lambda route: route.path)
async def test_bad_bodies_are_refused_in_the_routes_shape_with_the_field(served, route):
    """All that is wrong with the body of anything, and with that of this one."""
    for name, (body, word) in {**bad_bodies.OF_ANY, **bad_bodies.OF_ONE[route.path]}.items():
        status, _, answer = await post(served.url + route.path, body, method=route.method)
        assert 400 <= status < 500, (name, answer)
        assert word in error_of(route.dialect, answer), name


LIBERAL = {
    "no role": chat(messages=[{"content": SECRET}]),
    "unknown role": chat(messages=[{"role": "king", "content": SECRET}]),
    "null content": said(None),
}


@pytest.mark.parametrize("name", LIBERAL)
async def test_what_others_refuse_and_ollama_takes(served, name):
    status, _, answer = await post(served.url + DIALECTS["ollama"], LIBERAL[name])
    assert status == 200, answer


@pytest.mark.parametrize(
    "mistake",
    [
        {"tools": [{"type": "telepathy"}]},
        {"reasoning_format": "odd"},
        {"json_schema": {}, "grammar": 'root ::= "a"'},
        {"messages": [{"role": "assistant", "content": "", "tool_calls": [{"type": "x"}]}]},
    ],
)
async def test_what_llama_cpp_calls_its_own_error_hurts_nobody_else(demo, mistake):
    url = demo.url + DIALECTS["openai"]
    fine = {"messages": [{"role": "user", "content": "hi"}]}
    for _ in range(6):  # one more than open a circuit
        status, _, answer = await post(url, chat(**{**fine, **mistake}))
        assert status == 400, answer
    assert (await post(url, chat(**fine)))[0] == 200


async def test_openai_needs_messages(served):
    for body in (chat(), chat(messages=[])):
        status, _, answer = await post(served.url + DIALECTS["openai"], body)
        assert status == 400
        assert json.loads(answer)["error"]["param"] == "messages"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_strange_but_legal_texts_are_answered(served, dialect):
    texts = ["\x00" * 50, "a" * 20_000, "\u202e\ufeff\U0001f9d1", " ", "\r\n\t", "good \ud83d"]
    for text in texts:
        status, _, answer = await post(served.url + DIALECTS[dialect], said(text))
        assert status == 200, answer


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_word_too_long_for_any_model_is_the_clients_mistake(served, dialect):
    status, _, answer = await post(served.url + DIALECTS[dialect], said("a" * 1_000_000))
    assert status == 400
    assert "context" in error_of(dialect, answer)


@pytest.mark.parametrize("dialect", SPOKEN)
async def test_a_body_over_the_limit_is_413(served, dialect):
    body = said("a" * 20_000_001)
    status, _, answer = await post(served.url + SPOKEN[dialect], body)
    assert status == 413
    assert "max_body_bytes" in error_of(dialect, answer)

    async def pieces():
        for _ in range(21):
            yield b" " * 1_000_000

    status, _, answer = await post(served.url + SPOKEN[dialect], pieces())
    assert status == 413


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_body_that_is_no_json_is_a_400_whatever_it_is_called(served, dialect, kind):
    body = b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nauto\r\n--x--\r\n'
    status, _, answer = await post(served.url + DIALECTS[dialect], body, **{"content-type": kind})
    assert status == 400
    assert "JSON" in error_of(dialect, answer)


@pytest.mark.parametrize("dialect", SPOKEN)
async def test_wrong_methods_and_paths(served, dialect):
    async with aiohttp.ClientSession() as session:
        async with session.get(served.url + SPOKEN[dialect]) as response:
            assert response.status == 405
            assert response.headers["Allow"] == "POST"
            error_of(dialect, await response.read())
        async with session.post(f"{served.url}{SPOKEN[dialect]}/nothing", data=b"{}") as response:
            assert response.status == 404
            error_of(dialect, await response.read())


async def test_a_model_name_cannot_add_a_header(served):
    body = chat(model="x\r\nset-cookie: a=b", messages=[{"role": "user", "content": "hi"}])
    status, headers, _ = await post(served.url + DIALECTS["openai"], body)
    assert status == 404
    assert "set-cookie" not in headers
    status, headers, _ = await post(
        served.url + DIALECTS["openai"], said("hi"), **{"x-gearshift-tier": "ünknown"}
    )
    assert status == 400


async def test_large_bodies_hold_up_nobody(served):
    """While 20 MB bodies arrive and are refused or scored, other requests are answered."""
    large = [
        b'{"messages":[' + b"[]," * 2_000_000 + b"[]]}",
        said("word " * 3_900_000),
        b"[" * 19_000_000,
    ]
    target = served.url + DIALECTS["openai"]
    waits = []

    async def small(session, stop):
        while not stop.is_set():
            started = time.perf_counter()
            async with session.get(f"{served.url}/health/live") as response:
                assert response.status == 200
            waits.append(time.perf_counter() - started)

    async with aiohttp.ClientSession() as session:
        stop = asyncio.Event()
        task = asyncio.create_task(small(session, stop))
        statuses = [(await post(target, body))[0] for body in large]
        stop.set()
        await task
    assert all(400 <= status < 500 for status in statuses)
    assert len(waits) > 20  # how long each waited is for the benchmarks to say


async def test_raw_rubbish_on_the_socket_hurts_nobody(served):
    port = int(served.url.rpartition(":")[2])
    rubbish = [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: -5\r\n\r\n",
        b"POST /api/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n"
        b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 100_000 + b"\r\n\r\n",
    ]
    for data in rubbish:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
        assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
        writer.close()
    status, _, _ = await post(served.url + DIALECTS["openai"], said("hi"))
    assert status == 200


async def test_no_prompt_is_ever_logged(served, tmp_path_factory):
    hidden = SECRET.encode()
    for dialect in DIALECTS:
        for body, _ in bad_bodies.OF_ONE[DIALECTS[dialect]].values():
            await post(served.url + DIALECTS[dialect], body.replace(b'"a"', b'"%s"' % hidden))
        status, _, _ = await post(served.url + DIALECTS[dialect], said(SECRET))
        assert status == 200
    (log,) = tmp_path_factory.getbasetemp().glob("served0/stderr")
    text = log.read_text()
    assert '"event":"request"' in text
    assert SECRET not in text
    assert "Traceback" not in text
