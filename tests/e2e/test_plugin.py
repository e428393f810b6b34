"""The example package, installed beside gearshift, is used like what is built in."""

import asyncio
import json
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from tests.e2e.conftest import environment, serving, serving_beside
from tests.fakes.upstream import FaultUpstream

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin"
BROKEN = "[gearshift.dialects]\nbroken = nowhere_at_all:Dialect\n"
SIMPLE, COMPLEX = "gemma2:2b", "mistral:7b-instruct"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the package as its wheel has it, and another that cannot be imported."""
    folder = tmp_path_factory.mktemp("plugin")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=PLUGIN, check=True, capture_output=True, timeout=120)
    packages = folder / "packages"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(packages)
    broken = packages / "broken-2.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 2.0\n")
    (broken / "entry_points.txt").write_text(BROKEN)
    return packages


def settings(url: str) -> dict:
    upstream = {
        "name": "cloud",
        "provider": "deployments",
        "base_url": url,
        "api_key": "a-key-of-the-cloud",
        "region": "moon",
        "models": [SIMPLE, COMPLEX],
    }
    return {
        "upstreams": [upstream],
        "tiered_routing": {"scorer": "words"},
        "quality": {"shadow_share": 1, "judge": "longest", "pause_above": 0},
    }


def ask(url: str, path: str = "/ask", **body: object) -> tuple[bytes, dict[str, str]]:
    request = urllib.request.Request(f"{url}{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.read(), dict(response.headers)


async def judged(admin: str) -> str:
    """What the metrics say of verdicts, once there is one."""
    async with asyncio.timeout(30):
        while True:
            request = f"{admin}/metrics"
            with await asyncio.to_thread(urllib.request.urlopen, request, timeout=20) as response:
                text = (await asyncio.to_thread(response.read)).decode()
            lines = [x for x in text.splitlines() if x.startswith("gearshift_quality_judgements")]
            if any(not line.endswith(" 0.0") for line in lines):
                return "\n".join(lines)
            await asyncio.sleep(0.05)


async def test_each_part_of_a_package_is_used(tmp_path, installed):
    async with FaultUpstream(absent=("/models",)) as cloud:
        file = tmp_path / "x.yaml"
        file.write_text(json.dumps(settings(cloud.url)))
        with serving(tmp_path, "--config", str(file), PYTHONPATH=str(installed)) as gateway:
            body, headers = await asyncio.to_thread(ask, gateway.url, prompt="What time is it?")
            streamed, _ = await asyncio.to_thread(
                ask, gateway.url, prompt="word " * 30, stream=True
            )
            told = await judged(gateway.admin)
    assert json.loads(body)["text"]
    assert streamed == b"one two three"
    assert (headers["x-gearshift-scorer"], headers["x-gearshift-tier"]) == ("words", "simple")
    simple, complex_ = (f"/deployments/{name.replace(':', '%3A')}" for name in (SIMPLE, COMPLEX))
    paths = [received.path for received in cloud.asked]
    assert {f"{simple}/chat/completions", f"{complex_}/chat/completions"} == set(paths)
    for received in cloud.received:
        assert received.headers["x-api-key"] == "a-key-of-the-cloud"
        assert received.headers["x-region"] == "moon"
        assert "authorization" not in received.headers
    assert 'verdict="' in told
    said = (tmp_path / "stderr").read_text()
    assert "'broken' in gearshift.dialects of broken 2.0 cannot be loaded: ModuleNotFound" in said
    assert "Traceback" not in said


async def kept(folder: Path) -> None:
    """Wait until an answer is: that happens after the client has it."""
    async with asyncio.timeout(30):
        while True:
            if await asyncio.to_thread(lambda: any(folder.glob("*.answer"))):
                return
            await asyncio.sleep(0.01)


async def test_its_cache_keeps_answers_for_the_next_process(tmp_path, installed):
    folder = tmp_path / "answers"
    question = {"messages": [{"role": "user", "content": "What time is it?"}], "temperature": 0}
    cache = {"enabled": True, "backend": "folder", "location": str(folder), "timeout_seconds": 20}
    results = []
    async with FaultUpstream(absent=("/models",)) as cloud:
        file = tmp_path / "x.yaml"
        given = settings(cloud.url) | {"cache": cache, "decision_log": {"enabled": False}}
        del given["quality"]  # what is compared is answered afresh
        file.write_text(json.dumps(given))
        for turn in range(2):
            started = serving_beside(tmp_path, "--config", str(file), PYTHONPATH=str(installed))
            async with started as gateway:
                for _ in range(2 - turn):
                    path = "/v1/chat/completions"
                    said, headers = await asyncio.to_thread(ask, gateway.url, path, **question)
                    results.append((headers["x-gearshift-cache"], said))
                    await kept(folder)
    assert [result for result, _ in results] == ["miss", "hit", "hit"]
    for _, said in results:
        assert json.loads(said)["choices"][0]["message"]["content"] == "one two three"
    assert len(cloud.asked) == len(list(folder.iterdir())) == 1
    assert "Traceback" not in (tmp_path / "stderr").read_text()


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "gearshift", *arguments],
        cwd=cwd,
        env=environment(HOME=str(cwd), PYTHONPATH=str(installed)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_its_settings_are_checked_like_any(installed, tmp_path):
    wrong = settings("http://h")
    wrong["upstreams"][0] |= {"regoin": "eu", "model_paths": {}}
    wrong["tiered_routing"]["scorer"] = "wrods"
    wrong["cache"] = {"backend": "foldr"}
    file = tmp_path / "x.yaml"
    file.write_text(json.dumps(wrong))
    said = run(installed, tmp_path, "config", "check", "--config", str(file)).stderr
    assert "upstreams.0.regoin: unknown key [line 1] (did you mean 'region'?)" in said
    assert "upstreams.0.model_paths: has no meaning for 'deployments'" in said
    assert "no scorer 'wrods' [line 1] (did you mean 'words'?)" in said
    assert "no cache back end 'foldr' [line 1] (did you mean 'folder'?)" in said
