"""ask, doctor and pull, as a person runs them."""

import asyncio
import json

from tests.e2e.conftest import environment
from tests.e2e.test_serve import run
from tests.fakes.upstream import FaultUpstream

PROMPT = "Explain async vs threads"


def test_ask_says_who_answered_and_why(tmp_path):
    done = run(tmp_path, "ask", PROMPT)
    assert done.returncode == 0
    assert "complex tier" in done.stdout
    assert "complex · mistral:7b-instruct, score 4." in done.stderr
    assert "ollama pull mistral:7b-instruct" in done.stderr


def test_ask_as_json(tmp_path):
    done = run(tmp_path, "ask", "What time is it?", "--json")
    answer = json.loads(done.stdout)
    assert "simple tier" in answer["content"]
    assert answer["decision"]["tier"] == "simple"


def test_ask_for_what_nobody_has(tmp_path):
    done = run(tmp_path, "ask", "hi", "--model", "nobody")
    assert done.returncode == 1
    assert "nobody" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_without_an_engine_says_what_to_do(tmp_path):
    done = run(tmp_path, "doctor", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["ok"] is False
    failed = [check for check in report["checks"] if not check["ok"]]
    assert all(check["remedy"] for check in failed)
    assert "ollama pull gemma2:2b" in failed[0]["detail"]


async def beside(upstream: FaultUpstream, tmp_path, *arguments: str):
    """Run a command while the fake upstream in this loop can answer it."""
    assert environment()
    host = upstream.url.removeprefix("http://")
    return await asyncio.to_thread(run, tmp_path, *arguments, OLLAMA_HOST=host)


async def test_doctor_with_everything_in_place(tmp_path):
    async with FaultUpstream() as upstream:
        done = await beside(upstream, tmp_path, "doctor")
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout


async def test_doctor_names_the_model_that_is_missing(tmp_path):
    async with FaultUpstream(models=("gemma2:2b",)) as upstream:
        done = await beside(upstream, tmp_path, "doctor")
    assert done.returncode == 1
    assert "ollama pull mistral:7b-instruct" in done.stdout


async def test_pull_fetches_what_is_missing_and_only_that(tmp_path):
    async with FaultUpstream(models=("gemma2:2b",)) as upstream:
        done = await beside(upstream, tmp_path, "pull", "--json")
        assert json.loads(done.stdout) == {"pulled": ["mistral:7b-instruct"]}
        assert [request.json["model"] for request in upstream.asked] == ["mistral:7b-instruct"]


async def test_pull_when_nothing_is_missing(tmp_path):
    async with FaultUpstream() as upstream:
        done = await beside(upstream, tmp_path, "pull")
    assert done.returncode == 0
    assert "already" in done.stdout


def test_pull_without_ollama(tmp_path):
    done = run(tmp_path, "pull")
    assert done.returncode == 1
    assert "ollama serve" in done.stderr
