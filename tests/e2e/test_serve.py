"""The life of `gearshift serve`: start order, ready line, drain, workers, engines that die."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import aiohttp
import pytest
from tests.e2e.conftest import environment, serving
from tests.fakes.upstream import FaultUpstream

BODY = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}


def post(url: str, body: dict = BODY) -> dict:
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def get(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=20) as response:
        return json.load(response)


def run(cwd, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "gearshift", *arguments],
        cwd=cwd,
        env=environment(HOME=str(cwd), XDG_CACHE_HOME=str(cwd / "cache"), **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_ollama_the_demo_says_how_to_get_real_models(served, tmp_path):
    with serving(tmp_path) as gateway:
        assert "ollama pull gemma2:2b" in post(gateway.url)["choices"][0]["message"]["content"]
    notice = (tmp_path / "stderr").read_text()
    for command in ("ollama pull gemma2:2b", "ollama pull mistral:7b-instruct"):
        assert command in notice
    assert "Traceback" not in notice
    assert gateway.process.returncode == 0


async def test_an_ollama_is_found_and_told_what_it_lacks(tmp_path):
    async with FaultUpstream(models=("gemma2:2b",)) as ollama:
        host = ollama.url.removeprefix("http://")

        def use() -> tuple[str, int]:
            with serving(tmp_path, OLLAMA_HOST=host) as gateway:
                answer = post(gateway.url)
                try:
                    get(f"{gateway.url}/health/ready")
                    ready = 200
                except urllib.error.HTTPError as error:
                    ready = error.code
                    error.close()
                return answer["model"], ready

        model, ready = await asyncio.to_thread(use)
    assert model == "gemma2:2b"
    assert ready == 503
    assert "ollama pull mistral:7b-instruct" in (tmp_path / "stderr").read_text()


def test_gguf_files_by_argument(demo_files, tmp_path):
    small, large = (str(demo_files[tier]) for tier in ("simple", "complex"))
    with serving(tmp_path, "--model-path", small, "--model-path", large) as gateway:
        assert "simple tier" in post(gateway.url)["choices"][0]["message"]["content"]
        answer = post(gateway.url, {**BODY, "model": "complex"})
        assert "complex tier" in answer["choices"][0]["message"]["content"]
        assert get(f"{gateway.admin}/health/ready")["status"] == "ready"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model-path", "nowhere.gguf"), "nowhere.gguf"),
        (("--model-path", __file__), "not a GGUF file"),
        (("--config", "nowhere.yaml"), "nowhere.yaml"),
        (("--port", "99999"), "--port"),
    ],
)
def test_what_cannot_be_started_is_said_in_one_line(tmp_path, arguments, words):
    free = ("--port", "0", "--admin-port", "0")
    done = run(tmp_path, "serve", *free, *arguments)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("gearshift: ")
    assert words in line


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(tmp_path, "serve", "--port", port, "--admin-port", "0")
    assert done.returncode == 1
    assert port in done.stderr
    assert "--port" in done.stderr


async def test_a_stream_in_flight_is_finished_before_the_end(tmp_path):
    async with FaultUpstream() as upstream:
        upstream.pause_seconds = 0.3
        config = tmp_path / "config.yaml"
        config.write_text(
            json.dumps(
                {
                    "upstreams": [
                        {"name": "u", "provider": "openai", "base_url": f"{upstream.url}/v1"}
                    ]
                }
            )
        )
        with serving(tmp_path, "--config", str(config)) as gateway:
            async with (
                aiohttp.ClientSession() as session,
                session.post(
                    f"{gateway.url}/v1/chat/completions", json={**BODY, "stream": True}
                ) as answer,
            ):
                await answer.content.readany()
                gateway.process.send_signal(signal.SIGTERM)
                rest = await answer.content.read()
            assert rest.endswith(b"data: [DONE]\n\n")
            code = await asyncio.to_thread(gateway.process.wait, 20)
    assert code == 0


def test_several_workers_share_the_port_and_their_numbers_add_up(tmp_path):
    with serving(tmp_path, "--workers", "2") as gateway:
        for _ in range(6):
            post(gateway.url)
        with urllib.request.urlopen(f"{gateway.admin}/metrics", timeout=10) as response:
            lines = response.read().decode().splitlines()
        counted = [line for line in lines if line.startswith("gearshift_requests_total{")]
        assert sum(float(line.rpartition(" ")[2]) for line in counted) == 6
        victim = children(gateway.process.pid, "gearshift.serving.worker")[0]
        os.kill(victim, signal.SIGKILL)
        for _ in range(6):
            assert post_until_answered(gateway.url)["model"] == "gemma2:2b"


def test_an_engine_that_dies_is_replaced_and_its_tier_covered(tmp_path):
    with serving(tmp_path) as gateway:
        small = next(
            pid
            for pid in children(gateway.process.pid, "llama_server")
            if b"--alias=gemma2:2b" in command_of(pid)
        )
        os.kill(small, signal.SIGKILL)
        assert post(gateway.url)["model"] == "mistral:7b-instruct"
        deadline = time.monotonic() + 20
        while post(gateway.url)["model"] != "gemma2:2b":
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_no_engine_outlives_a_gateway_that_is_killed(tmp_path):
    with serving(tmp_path) as gateway:
        engines = children(gateway.process.pid, "llama_server")
        assert len(engines) == 2
        gateway.process.kill()
        gateway.process.wait()
        deadline = time.monotonic() + 10
        while any(b"llama_server" in command_of(pid) for pid in engines):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def post_until_answered(url: str) -> dict:
    """A connection that a killed worker had accepted is lost; the next one is not."""
    for _ in range(5):
        try:
            return post(url)
        except (ConnectionError, urllib.error.URLError):
            time.sleep(0.1)
    raise AssertionError("never answered")


def command_of(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def children(parent: int, word: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and word.encode() in command_of(int(name)):
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(name))
    return found


async def test_admin_refuses_a_host_that_is_no_name(served):
    async with aiohttp.ClientSession() as session:
        for headers in ({"host": "["}, {"origin": "http://[bad"}, {"host": "evil.example"}):
            async with session.get(f"{served.admin}/health/live", headers=headers) as response:
                assert response.status in (400, 403)


async def test_a_second_signal_does_not_wait(tmp_path):
    async with FaultUpstream() as upstream:
        upstream.pause_seconds = 20
        entry = {"name": "u", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        (tmp_path / "c.json").write_text(json.dumps({"upstreams": [entry]}))
        with serving(tmp_path, "--config", str(tmp_path / "c.json")) as gateway:
            body = {**BODY, "stream": True}
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{gateway.url}/v1/chat/completions", json=body) as answer,
            ):
                await answer.content.readany()
                gateway.process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.3)
                gateway.process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(gateway.process.wait, 5) == 1
