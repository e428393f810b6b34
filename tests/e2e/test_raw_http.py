"""What clients send below HTTP's level: refused in JSON, and never quoted in the log."""

import asyncio
import gzip
import json
import signal

import aiohttp
import pytest
from tests.e2e.conftest import serving
from tests.fakes.upstream import FaultUpstream

SECRET = "xyzzy-raw-prompt"
BODY = json.dumps({"model": "simple", "messages": [{"role": "user", "content": SECRET}]}).encode()
PATH = "/v1/chat/completions"


def head(**headers: str) -> bytes:
    fields = {"host": "x", "content-type": "application/json", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"POST {PATH} HTTP/1.1", *lines, "", ""]).encode()


async def talk(url: str, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(data)
    writer.write_eof()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "data",
    [
        head(content_length="20") + BODY,  # the rest is read as a second request
        head(transfer_encoding="chunked") + BODY,
        head(content_length="5", transfer_encoding="chunked") + BODY,
        head(content_length=str(len(BODY)), content_encoding="gzip") + BODY,
        head(content_length=str(len(BODY)), content_encoding="zstd") + BODY,
    ],
)
async def test_a_malformed_body_is_refused_and_not_logged(served, tmp_path_factory, data):
    answer = await talk(served.url, data)
    if answer:
        start, _, body = answer.rpartition(b"\r\n\r\n")
        assert b" 4" in start.splitlines()[0]
        assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}
    (log,) = tmp_path_factory.getbasetemp().glob("served0/stderr")
    assert SECRET not in log.read_text()
    assert "Traceback" not in log.read_text()


async def test_gzip_is_understood_and_other_encodings_are_not(served):
    async with aiohttp.ClientSession() as session:
        for encoding, body, status in [("gzip", gzip.compress(BODY), 200), ("snappy", BODY, 415)]:
            headers = {"content-type": "application/json", "content-encoding": encoding}
            async with session.post(served.url + PATH, data=body, headers=headers) as response:
                assert response.status == status


async def test_a_client_that_asks_first_is_told_to_go_on(served):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.url.rpartition(":")[2]))
    writer.write(head(content_length=str(len(BODY)), expect="100-continue"))
    async with asyncio.timeout(10):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_admin_refuses_a_host_that_is_no_name(served):
    async with aiohttp.ClientSession() as session:
        for headers in ({"host": "["}, {"origin": "http://[bad"}, {"host": "evil.example"}):
            async with session.get(f"{served.admin}/health/live", headers=headers) as response:
                assert response.status == 403


async def test_a_second_signal_does_not_wait(tmp_path):
    async with FaultUpstream() as upstream:
        upstream.pause_seconds = 20
        entry = {"name": "u", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        (tmp_path / "c.json").write_text(json.dumps({"upstreams": [entry]}))
        with serving(tmp_path, "--config", str(tmp_path / "c.json")) as gateway:
            body = {**json.loads(BODY), "stream": True}
            async with (
                aiohttp.ClientSession() as session,
                session.post(gateway.url + PATH, json=body) as answer,
            ):
                await answer.content.readany()
                gateway.process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.3)
                gateway.process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(gateway.process.wait, 5) == 1
