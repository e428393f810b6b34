"""A real Ollama behind a real gateway: what no fake could tell us of it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import TIERS
from tests.e2e.conftest import Served, serving
from tests.e2e.real_ollama import RealOllama, asked
from tests.e2e.test_serve import run

pytestmark = pytest.mark.elsewhere

SMALL, LARGE = TIERS["simple"], TIERS["complex"]
TURN = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
LONG = "word " * 9000
# No model can end this answer before it is done with it, whatever it has learnt to say.
ENDLESS = {"type": "array", "items": {"type": "integer"}, "minItems": 1500}
THINKING = (
    "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}"
    "{{ .Content }}{{ end }}"
)
CHATS = {
    "openai": "/v1/chat/completions",
    "ollama": "/api/chat",
    "anthropic": "/v1/messages",
}


@pytest.fixture
def made(real: RealOllama) -> Iterator[Callable[..., str]]:
    """Makes a model out of the small one; it is deleted afterwards."""
    names = []

    def make(name: str, **more: Any) -> str:
        names.append(f"gearshift-test-{name}")
        body = {"model": names[-1], "from": SMALL, "stream": False, **more}
        assert real.ask("/api/create", body)[0] == 200
        return names[-1]

    yield make
    for name in names:
        real.ask("/api/delete", {"model": name}, "DELETE")


def chat(served: Served, dialect: str = "ollama", **more: Any) -> tuple[int, Any]:
    """Ask the gateway for a whole answer of the small model."""
    limit = {"max_tokens": 100} if dialect == "anthropic" else {}
    body = {"model": SMALL, "messages": TURN, "stream": False, **limit, **more}
    return asked(served.url + CHATS[dialect], body)


def resident(real: RealOllama) -> Mapping[str, Any]:
    _, running = real.ask("/api/ps")
    return {model["name"]: model for model in running["models"]}


def error_of(document: Any) -> str:
    error = document["error"]
    return error if isinstance(error, str) else error["message"]


def test_it_is_found_with_its_models(real, served):
    _, tags = asked(f"{served.url}/api/tags")
    listed = {model["name"]: model for model in tags["models"]}
    _, own = real.ask("/api/tags")
    for model in own["models"]:
        if model["name"] in TIERS.values():
            assert listed[model["name"]] == model
    assert asked(f"{served.url}/api/version")[1]["version"] == real.version
    assert asked(f"{served.url}/health/ready")[0] == 200


def test_a_model_is_shown_as_it_shows_it(real, served):
    body = {"model": SMALL}
    assert asked(f"{served.url}/api/show", body) == real.ask("/api/show", body)


def test_doctor_finds_nothing_wrong(real, tmp_path):
    done = run(tmp_path, "doctor", OLLAMA_HOST=real.host)
    assert done.returncode == 0, done.stdout
    assert real.version in done.stdout


def test_a_model_is_loaded_kept_and_unloaded(real, served):
    load = {"model": SMALL, "keep_alive": "24h"}
    assert asked(f"{served.url}/api/generate", load)[1]["done_reason"] == "load"
    until = datetime.fromisoformat(resident(real)[SMALL]["expires_at"][:19] + "+00:00")
    assert until > datetime.now(UTC) + timedelta(hours=20)
    unload = {"model": SMALL, "messages": [], "keep_alive": 0}
    assert asked(f"{served.url}/api/chat", unload)[1]["done_reason"] == "unload"
    assert SMALL not in resident(real)
    status, answer = chat(served)
    assert status == 200
    assert answer["load_duration"] > 1e6
    assert SMALL in resident(real)


def test_times_and_tokens_are_its_own(real, served):
    for path, question in (("/api/chat", {"messages": TURN}), ("/api/generate", {"prompt": "hi"})):
        _, answer = asked(served.url + path, {"model": SMALL, "stream": False, **question})
        for part in ("total", "load", "prompt_eval", "eval"):
            assert answer[f"{part}_duration"] > 0
        assert answer["prompt_eval_count"] > 0
        assert answer["eval_count"] > 10


def test_both_tiers_are_answered_in_turn(served, real):
    for tier in ("simple", "complex") * 3:
        status, answer = chat(served, model=tier)
        assert (status, answer["model"]) == (200, TIERS[tier])
        assert answer["message"]["content"] == real.replies[tier]


@pytest.mark.parametrize("dialect", CHATS)
@pytest.mark.parametrize("model", [SMALL, "auto"])
def test_what_its_models_cannot_do_is_a_400_in_its_words(real, served, dialect, model):
    tool = {"name": "f", "input_schema": {"type": "object"}} if dialect == "anthropic" else TOOL
    status, answer = chat(served, dialect, model=model, tools=[tool])
    assert status == 400
    assert "does not support tools" in error_of(answer)
    assert chat(served)[0] == 200


def test_thinking_is_demanded_by_its_own_clients_alone(served, real):
    status, answer = chat(served, think=True)
    assert status == 400
    assert "does not support thinking" in error_of(answer)
    assert chat(served, "openai", reasoning_effort="high")[0] == 200
    thinking = {"type": "enabled", "budget_tokens": 1024}
    assert chat(served, "anthropic", thinking=thinking)[0] == 200


def test_an_image_for_models_without_eyes(served, real):
    status, answer = chat(served, messages=[{**TURN[0], "images": [PIXEL]}])
    assert status == 400
    assert "image" in error_of(answer)
    assert "{" not in error_of(answer)
    url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    assert chat(served, "openai", messages=[{"role": "user", "content": [url]}])[0] == 400
    assert chat(served)[0] == 200


@pytest.mark.parametrize(
    "mistake",
    [
        {"options": {"use_mmap": 3}},
        {"options": {"num_gpu": "all"}},
        {"options": {"stop": "x"}},
        {"format": "yaml"},
        {"format": {"type": "nonsense"}},
        {"think": "very much"},
        {"keep_alive": "for ever"},
        {"top_logprobs": 30, "logprobs": True},
    ],
)
def test_a_clients_mistake_is_a_400_and_hurts_nobody_else(served, real, mistake):
    for _ in range(6):  # one more than open a circuit
        status, answer = chat(served, **mistake)
        assert status == 400, answer
    assert chat(served)[0] == 200


@pytest.mark.parametrize("path", ["/api/embed", "/v1/embeddings"])
def test_a_chat_model_for_embeddings_is_a_400_in_its_words(served, real, path):
    status, answer = asked(served.url + path, {"model": SMALL, "input": "hi"})
    assert status == 400
    assert "does not support embeddings" in error_of(answer)
    assert chat(served)[0] == 200


def test_json_by_schema(served, real):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    _, answer = chat(served, format=schema)
    assert isinstance(json.loads(answer["message"]["content"])["a"], int)
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    _, answer = chat(served, "openai", response_format=wanted)
    assert isinstance(json.loads(answer["choices"][0]["message"]["content"])["a"], int)


def test_a_message_longer_than_the_context_is_a_400_and_old_turns_are_dropped(served, real):
    options = {"num_ctx": 512, "num_predict": 5}
    status, answer = chat(served, messages=[{"role": "user", "content": LONG}], options=options)
    assert status == 400
    assert "context" in error_of(answer)
    old = [{"role": "user", "content": LONG}, {"role": "assistant", "content": "Yes."}]
    status, answer = chat(served, messages=[*old, *TURN], options=options)
    assert status == 200
    assert answer["prompt_eval_count"] < 512
    assert resident(real)[SMALL]["context_length"] == 512


def test_what_doctor_says_of_a_context_that_is_loaded_shorter(served, real, tmp_path):
    chat(served, options={"num_ctx": 512})
    done = run(tmp_path, "doctor", OLLAMA_HOST=real.host)
    assert "512" in done.stdout


def test_names_are_spelt_as_it_would_take_them(served, real):
    for name in (SMALL.upper(), f"library/{SMALL}", f"registry.ollama.ai/library/{SMALL}"):
        assert real.ask("/api/show", {"model": name})[0] == 200
        for dialect in CHATS:
            status, answer = chat(served, dialect, model=name)
            assert status == 200, (name, answer)


def begun(served: Served, body: Mapping[str, Any]) -> socket.socket:
    """A request of a client that may go away."""
    host, port = served.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    content = json.dumps(body).encode()
    head = f"POST /api/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(content)}\r\n\r\n"
    client.sendall(head.encode() + content)
    return client


def test_a_client_that_goes_away_stops_its_generation(served, real):
    """The next request waits for the one before it, which would go on for minutes."""
    options = {"num_predict": 200_000, "num_ctx": 32768}
    body = {"model": SMALL, "messages": TURN, "format": ENDLESS, "options": options}
    client = begun(served, body)
    client.recv(200)
    answers: list[tuple[int, Any]] = []
    waiting = threading.Thread(
        target=lambda: answers.append(chat(served, options={"num_ctx": 32768})), daemon=True
    )
    waiting.start()
    client.close()
    waiting.join(40)
    assert answers
    assert answers[0][0] == 200


def test_a_model_that_has_tools_is_the_one_for_tools(real, made, tmp_path):
    """The small model cannot; what is made of it says that it can."""
    able = made("tools", template="{{ range .Messages }}{{ .Content }}{{ end }}{{ .Tools }}")
    tiers = {"simple": [SMALL], "complex": [f"{able}:latest"]}
    with gateway(tmp_path, real, tiers) as served:
        status, answer = chat(served, model="auto", tools=[TOOL])
        assert (status, answer["model"]) == (200, f"{able}:latest")


def test_a_model_that_thinks_is_asked_to(real, made, tmp_path):
    able = made("thinks", template=THINKING)
    tiers = {"simple": [f"{able}:latest"], "complex": [LARGE]}
    with gateway(tmp_path, real, tiers) as served:
        for dialect, more in (
            ("ollama", {"think": True}),
            ("openai", {"reasoning_effort": "xhigh"}),
            ("anthropic", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ):
            status, answer = chat(served, dialect, model="simple", **more)
            assert status == 200, answer
            assert answer["model"] == f"{able}:latest"


def test_its_openai_api_is_an_upstream_too(real, tmp_path):
    entry = {"name": "own", "provider": "openai", "base_url": f"{real.url}/v1"}
    (tmp_path / "c.json").write_text(json.dumps({"upstreams": [entry]}))
    with serving(tmp_path, "--config", str(tmp_path / "c.json")) as served:
        for dialect in CHATS:
            for stream in (False, True):
                status, _ = asked(
                    served.url + CHATS[dialect],
                    {"model": "complex", "messages": TURN, "stream": stream, "max_tokens": 99},
                )
                assert status == 200
        _, answer = chat(served, model="auto")
        assert (answer["model"], answer["message"]["content"]) == (SMALL, real.replies["simple"])
        status, answer = chat(served, "openai", tools=[TOOL])
        assert status == 400
        assert "does not support tools" in error_of(answer)


def test_a_pull_of_what_nobody_has_fails_in_its_words(real, tmp_path):
    tiers = {"simple": [SMALL], "complex": ["gearshift-test-nobody:1b"]}
    (tmp_path / "c.json").write_text(json.dumps(configured(real, tiers)))
    done = run(tmp_path, "pull", "--config", str(tmp_path / "c.json"))
    assert done.returncode == 1
    assert "gearshift-test-nobody:1b" in done.stderr
    assert "manifest" in done.stderr


def configured(real: RealOllama, tiers: Mapping[str, list[str]]) -> dict[str, Any]:
    (simple, models), (complex_, others) = tiers.items()
    entries = [
        {"name": simple, "below": 3, "deployments": models},
        {"name": complex_, "deployments": others},
    ]
    return {
        "upstreams": [{"name": "real", "provider": "ollama", "base_url": real.url}],
        "tiered_routing": {"tiers": entries},
    }


def gateway(tmp_path, real: RealOllama, tiers: Mapping[str, list[str]]) -> Any:
    (tmp_path / "c.json").write_text(json.dumps(configured(real, tiers)))
    return serving(tmp_path, "--config", str(tmp_path / "c.json"))
