"""Requests that reach an upstream through a proxy."""

import re
import shutil
import ssl
import subprocess

import pytest
from tests.fakes.proxy import Proxy
from tests.fakes.upstream import FaultUpstream

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import HttpClient

OPENSSL = shutil.which("openssl") or ""
HOST = "llm.example.invalid"


@pytest.fixture
async def upstream():
    async with FaultUpstream() as running:
        yield running


@pytest.fixture
async def proxy(upstream, monkeypatch):
    port = int(upstream.url.rpartition(":")[2])
    async with Proxy(port, password="me:secret") as running:
        monkeypatch.setenv("ALL_PROXY", running.url)
        for name in ("NO_PROXY", "no_proxy", "http_proxy", "https_proxy", "HTTPS_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if not OPENSSL:
        pytest.skip("no `openssl` on the path")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "one.crt", folder / "one.key"
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"),
            *("-keyout", str(key), "-out", str(certificate), "-nodes"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return str(certificate), context


async def status(client: HttpClient, path: str = "/models") -> int:
    response = await client.request("GET", path)
    try:
        await response.body(10_000)
        return response.status
    finally:
        response.release()


async def test_plain_http_is_told_the_whole_address(proxy, upstream):
    async with HttpClient(f"http://{HOST}:8000/v1", "sk-1", 20) as client:
        assert re.fullmatch(r" through the proxy http://127\.0\.0\.1:\d+", client.way)
        assert await status(client) == 200
        response = await client.look("/health")
        response.release()
    assert proxy.asked == [
        f"GET http://{HOST}:8000/v1/models HTTP/1.1",
        f"GET http://{HOST}:8000/health HTTP/1.1",
    ]
    asked, looked = upstream.received
    assert asked.headers["host"] == f"{HOST}:8000"
    assert asked.headers["authorization"] == "Bearer sk-1"
    assert "authorization" not in looked.headers


async def test_tls_goes_through_a_tunnel_that_sees_nothing(monkeypatch, certificate):
    file, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", file)
    async with FaultUpstream(tls=context) as upstream:
        port = int(upstream.url.rpartition(":")[2])
        async with Proxy(port, password="me:secret") as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            async with HttpClient(f"https://{HOST}/v1", "sk-1", 20) as client:
                assert await status(client) == 200
        assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]
        (asked,) = upstream.received
        assert asked.headers["authorization"] == "Bearer sk-1"
        assert "proxy-authorization" not in asked.headers


async def test_the_certificate_is_the_upstreams_even_behind_a_proxy(proxy, certificate):
    _, context = certificate
    async with FaultUpstream(tls=context) as upstream:
        proxy.port = int(upstream.url.rpartition(":")[2])
        async with HttpClient(f"https://{HOST}/v1", "sk-1", 20) as client:
            with pytest.raises(UpstreamError, match="certificate") as caught:
                await status(client)
    assert caught.value.fault is FailureKind.UNREACHABLE
    assert upstream.received == []


async def test_a_wrong_password_is_said_where_it_stands(proxy, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", proxy.url.replace("secret", "guess"))
    async with HttpClient(f"https://{HOST}/v1", "", 20) as client:
        with pytest.raises(UpstreamError, match="407") as caught:
            await status(client)
    assert caught.value.fault is FailureKind.AUTHENTICATION
    assert "guess" not in caught.value.message


async def test_a_proxy_that_refuses_or_is_gone_is_named(proxy, monkeypatch):
    proxy.refusal = "403 Not allowed here"
    async with HttpClient(f"https://{HOST}/v1", "", 20) as client:
        with pytest.raises(UpstreamError, match=f"127.0.0.1.* refused {HOST}:443: 403 Not allowed"):
            await status(client)
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with HttpClient(f"http://{HOST}/v1", "", 20) as client:
        with pytest.raises(UpstreamError, match=r"through the proxy http://127\.0\.0\.1:9"):
            await status(client)
