"""Bad input gets a 4xx in the client's dialect; nothing dies or waits, no prompt is logged."""

import asyncio
import io
import json
import time

import aiohttp
import pytest

DIALECTS = {"openai": "/v1/chat/completions", "ollama": "/api/chat"}
SECRET = "xyzzy-secret-prompt"
DEEP = 10_000


def chat(**fields) -> bytes:
    return json.dumps({"model": "auto", "stream": False, **fields}).encode()


def said(content) -> bytes:
    return chat(messages=[{"role": "user", "content": content}])


BODIES = {
    "empty body": (b"", "body"),
    "not json": (b'{"messages": [', "JSON"),
    "not utf-8": (b'\xff\xfe{"messages": []}', "JSON"),
    "no object": (b"[1, 2]", "object"),
    "messages a string": (chat(messages="hello"), "messages"),
    "messages of strings": (chat(messages=["hello"]), "messages.0"),
    "number as role": (chat(messages=[{"role": 7, "content": SECRET}]), "messages.0.role"),
    "number as content": (said(7), "messages.0.content"),
    "model a number": (chat(model=7, messages=[]), "model"),
    "stream a word": (chat(stream="yes", messages=[]), "stream"),
    "deep nesting": (b'{"messages":' + b"[" * DEEP + b"]" * DEEP + b"}", "JSON"),
    "deep objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "JSON"),
    "too many values": (b'{"messages":[' + b"[]," * 2_000_000 + b"[]]}", "values"),
}


def message_of(dialect: str, body: bytes) -> str:
    error = json.loads(body)["error"]
    if dialect == "ollama":
        assert isinstance(error, str)
        return error
    assert set(error) == {"message", "type", "param", "code"}
    return error["message"]


async def post(url, body, **headers):
    headers = {"content-type": "application/json", **headers}
    if isinstance(body, bytes):
        body = io.BytesIO(body)
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as response,
    ):
        return response.status, response.headers, await response.read()


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_bad_bodies_name_the_field(served, dialect, name):
    body, word = BODIES[name]
    status, _, answer = await post(served.url + DIALECTS[dialect], body)
    assert 400 <= status < 500
    assert word in message_of(dialect, answer)


EMBEDDINGS = {"/v1/embeddings": "openai", "/api/embed": "ollama", "/api/embeddings": "ollama"}
LARGE = 2_000_000
BAD_TEXTS = {
    "empty body": (b"", "body"),
    "not json": (b'{"input": [', "JSON"),
    "not utf-8": (b'\xff\xfe{"input": "a"}', "JSON"),
    "no object": (b'["a"]', "object"),
    "a number": (b'{"input": 7, "prompt": 7}', "must be"),
    "an object": (b'{"input": {"text": "a"}, "prompt": {}}', "must be"),
    "texts and numbers": (b'{"input": ["a", 7], "prompt": ["a"]}', "must be"),
    "model a number": (b'{"model": 7, "input": "a", "prompt": "a"}', "model"),
    "deep nesting": (b'{"input":' + b"[" * DEEP + b"]" * DEEP + b"}", "JSON"),
    "too many values": (b'{"input":[' + b"[]," * LARGE + b"[]]}", "values"),
    "nobody's model": (b'{"model": "nobody", "input": "a", "prompt": "a"}', "not found"),
    "a tier": (b'{"model": "simple", "input": "a", "prompt": "a"}', "tier"),
    "no model set": (b'{"input": "a", "prompt": "a"}', "embeddings.model"),
}


@pytest.mark.parametrize("name", BAD_TEXTS)
@pytest.mark.parametrize("path", EMBEDDINGS)
async def test_bad_requests_for_embeddings_say_what_is_wrong(served, path, name):
    body, word = BAD_TEXTS[name]
    status, _, answer = await post(served.url + path, body)
    assert 400 <= status < 500
    assert word in message_of(EMBEDDINGS[path], answer)


BAD_ITEMS = {
    "empty body": (b"", "body"),
    "not json": (b'{"input": [', "JSON"),
    "no object": (b'["a"]', "object"),
    "no input": (b"{}", "'input'"),
    "a number": (b'{"input": 7}', "'input'"),
    "items of numbers": (b'{"input": [7]}', "'input.0'"),
    "an unknown item": (b'{"input": [{"type": "telepathy"}]}', "'input.0.type'"),
    "number as content": (b'{"input": [{"role": "user", "content": 7}]}', "'input.0.content'"),
    "a tool of a server": (b'{"input": "a", "tools": [{"type": "mcp"}]}', "'tools.0.type'"),
    "an earlier answer": (b'{"input": "a", "previous_response_id": "resp_1"}', "'input'"),
    "deep nesting": (b'{"input":' + b"[" * DEEP + b"]" * DEEP + b"}", "JSON"),
    "too many values": (b'{"input":[' + b"[]," * LARGE + b"[]]}", "values"),
    "nobody's model": (b'{"model": "nobody", "input": "a"}', "not found"),
    "a deep tool": (
        b'{"input": "a", "tools": [{"type": "function", "name": "f", "parameters": {"a":'
        + b"[" * 260
        + b"]" * 260
        + b"}}]}",
        "JSON",
    ),
}


@pytest.mark.parametrize("name", BAD_ITEMS)
async def test_bad_requests_for_responses_name_the_field(served, name):
    body, word = BAD_ITEMS[name]
    status, _, answer = await post(f"{served.url}/v1/responses", body)
    assert 400 <= status < 500
    assert word in message_of("openai", answer)


LIBERAL = {
    "no role": (chat(messages=[{"content": SECRET}]), "messages.0.role"),
    "unknown role": (chat(messages=[{"role": "king", "content": SECRET}]), "messages.0.role"),
    "null content": (said(None), "messages.0.content"),
}


@pytest.mark.parametrize("name", LIBERAL)
async def test_what_openai_refuses_and_ollama_takes(served, name):
    body, word = LIBERAL[name]
    status, _, answer = await post(served.url + DIALECTS["openai"], body)
    assert status == 400
    assert word in message_of("openai", answer)
    status, _, answer = await post(served.url + DIALECTS["ollama"], body)
    assert status == 200, answer


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
    assert "context" in message_of(dialect, answer)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_body_over_the_limit_is_413(served, dialect):
    body = said("a" * 20_000_001)
    status, _, answer = await post(served.url + DIALECTS[dialect], body)
    assert status == 413
    assert "max_body_bytes" in message_of(dialect, answer)

    async def pieces():
        for _ in range(21):
            yield b" " * 1_000_000

    status, _, answer = await post(served.url + DIALECTS[dialect], pieces())
    assert status == 413


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_body_that_is_no_json_is_a_400_whatever_it_is_called(served, dialect, kind):
    body = b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nauto\r\n--x--\r\n'
    status, _, answer = await post(served.url + DIALECTS[dialect], body, **{"content-type": kind})
    assert status == 400
    assert "JSON" in message_of(dialect, answer)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_wrong_methods_and_paths(served, dialect):
    async with aiohttp.ClientSession() as session:
        async with session.get(served.url + DIALECTS[dialect]) as response:
            assert response.status == 405
            assert response.headers["Allow"] == "POST"
            message_of(dialect, await response.read())
        prefix = "/api" if dialect == "ollama" else "/v1"
        async with session.post(f"{served.url}{prefix}/nothing", data=b"{}") as response:
            assert response.status == 404
            message_of(dialect, await response.read())


@pytest.mark.parametrize("body", [{}, {"model": ""}, {"model": None, "name": ""}])
async def test_show_without_a_model_says_so(served, body):
    status, _, answer = await post(f"{served.url}/api/show", json.dumps(body).encode())
    assert status == 400
    assert "'model' is missing" in message_of("ollama", answer)


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
    large = [BODIES["too many values"][0], said("word " * 3_900_000), b"[" * 19_000_000]
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
    for dialect in DIALECTS:
        for body, _ in BODIES.values():
            await post(served.url + DIALECTS[dialect], body)
        status, _, _ = await post(served.url + DIALECTS[dialect], said(SECRET))
        assert status == 200
    (log,) = tmp_path_factory.getbasetemp().glob("served0/stderr")
    text = log.read_text()
    assert '"event":"request"' in text
    assert SECRET not in text
    assert "Traceback" not in text
