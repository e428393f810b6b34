"""TLS on both sides: a gateway that speaks https, asked through another one."""

import asyncio
import contextlib
import json
import shutil
import ssl
import subprocess

import aiohttp
import pytest
from tests.e2e.conftest import serving, serving_models
from tests.fakes.upstream import WORDS, FaultUpstream

OPENSSL = shutil.which("openssl") or ""
pytestmark = pytest.mark.skipif(not OPENSSL, reason="no `openssl` on the path")
ASKED = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "one.crt", folder / "one.key"
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate), "-nodes"),
        ],
        check=True,
        capture_output=True,
    )
    return str(certificate), str(key)


def written(folder, settings):
    folder.mkdir(exist_ok=True)
    (folder / "c.json").write_text(json.dumps(settings))
    return "--config", str(folder / "c.json")


async def test_a_gateway_with_tls_before_an_upstream_with_tls(tmp_path, pair):
    certificate, key = pair
    tls = {"certificate": certificate, "key": key}
    async with FaultUpstream() as upstream:
        inner = {"name": "u", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        arguments = written(tmp_path / "inner", {"tls": tls, "upstreams": [inner]})
        with serving(tmp_path / "inner", *arguments, pattern=r"https?://\S+") as first:
            assert first.url.startswith("https://")
            url = first.url.replace("127.0.0.1", "localhost")
            outer = {"name": "tls", "provider": "openai", "base_url": f"{url}/v1"}
            arguments = written(tmp_path / "outer", {"tls": tls, "upstreams": [outer]})
            with serving(
                tmp_path / "outer",
                *arguments,
                pattern=r"https?://\S+",
                SSL_CERT_FILE=certificate,
            ) as second:
                await _ask(second.url.replace("127.0.0.1", "localhost"), certificate)


async def _ask(url, certificate):
    trusted = ssl.create_default_context(cafile=certificate)
    async with aiohttp.ClientSession() as session:
        for stream in (False, True):
            body = {**ASKED, "stream": stream}
            async with session.post(
                f"{url}/v1/chat/completions", json=body, ssl=trusted
            ) as response:
                assert response.status == 200
                said = await response.text()
            assert WORDS[0] in said
            assert ("[DONE]" in said) == stream


async def test_plain_words_to_a_tls_port_are_cut_off(tmp_path, pair):
    certificate, key = pair
    arguments = written(tmp_path, {"tls": {"certificate": certificate, "key": key}})
    with serving_models(tmp_path, *arguments, pattern=r"https?://\S+") as gateway:
        port = int(gateway.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionResetError):
                assert b"200" not in await reader.read()
        writer.close()


def test_a_bad_certificate_is_said_before_anything_starts(tmp_path):
    arguments = written(tmp_path, {"tls": {"certificate": "/none.pem", "key": "/none.key"}})
    with (
        pytest.raises(AssertionError, match=r"tls\.certificate.*cannot read"),
        serving(tmp_path, *arguments),
    ):
        pass
