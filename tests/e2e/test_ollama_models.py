"""Ollama's own client manages the models of the Ollama behind a gateway, as if it were one."""

import asyncio
import hashlib
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.e2e.bad_bodies import OF_ANY, OF_ONE, error_of
from tests.fakes.ollama_store import OllamaStore
from tests.fakes.sdks import ollama

TIERS = {"simple": ["gemma2:2b"], "complex": ["mistral:7b-instruct"]}


def settings(*stores, **more):
    upstreams = [
        {"name": f"box{number}", "provider": "ollama", "base_url": store.url}
        for number, store in enumerate(stores, 1)
    ]
    return {"upstreams": upstreams, "decision_log": {"url": None}, **more}


@pytest.fixture
async def store():
    async with OllamaStore() as running:
        running.models = {"gemma2:2b": "a" * 64, "mistral:7b-instruct": "b" * 64}
        yield running


@asynccontextmanager
async def client_of(gateway, *stores, headers=None, **more):
    async with gateway(settings(*stores, **more)) as url:
        client = ollama.AsyncClient(host=url, headers=headers)
        try:
            yield client
        finally:
            await client.close()


async def names(client):
    return {model.model for model in (await client.list()).models}


async def test_a_pulled_model_answers_at_once(gateway, store):
    async with client_of(gateway, store) as client:
        with pytest.raises(ollama.ResponseError, match="not found"):
            await client.chat(model="tiny", messages=[{"role": "user", "content": "Hi"}])
        steps = [step async for step in await client.pull("tiny", stream=True)]
        assert [step.status for step in steps][::4] == ["pulling manifest", "success"]
        assert [step.completed for step in steps if step.digest] == [50, 100]
        answer = await client.chat(model="tiny", messages=[{"role": "user", "content": "Hi"}])
        assert answer.message.content == "It is noon."
        assert answer.eval_duration == 8
        assert (await client.pull("gemma2:2b")).status == "success"  # without progress
        with pytest.raises(ollama.ResponseError, match="file does not exist") as caught:
            await client.pull("nobody-has-this")
        assert caught.value.status_code == 500


async def test_models_are_listed_shown_copied_pushed_and_deleted(gateway, store):
    store.load("gemma2:2b", "2026-08-01T12:00:00Z", size_vram=7)
    async with client_of(gateway, store) as client:
        assert {"auto", "simple", "complex", *store.models} == await names(client)
        (running,) = (await client.ps()).models
        assert (running.name, running.size_vram) == ("gemma2:2b", 7)
        assert running.context_length == 4096
        assert running.expires_at.year == 2026
        assert (await client.show("gemma2:2b")).details.family == "gemma2"
        assert (await client.copy("gemma2:2b", "mine")).status == "success"
        assert "mine:latest" in await names(client)
        assert (await client.push("mine")).status == "success"
        assert (await client.delete("mine")).status == "success"
        assert "mine:latest" not in await names(client)
        with pytest.raises(ollama.ResponseError, match="not found") as caught:
            await client.delete("mine")
        assert caught.value.status_code == 404


async def test_a_model_is_made_of_a_file_that_is_sent(gateway, store, tmp_path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF" * 100_000)
    async with client_of(gateway, store) as client:
        digest = await client.create_blob(file)
        assert digest == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
        assert store.blobs == {digest.removeprefix("sha256:")}
        assert await client.create_blob(file) == digest  # it is there already
        made = await client.create("mine", files={"model.gguf": digest}, stream=True)
        assert [step.status async for step in made] == ["parsing GGUF", "success"]
        assert (await client.generate("mine", "Hi")).response == "It is noon."
        derived = await client.create("other", from_="gemma2:2b", system="Be brief.")
        assert derived.status == "success"
        assert store.changes()[-1] == (
            "/api/create",
            {"model": "other", "from": "gemma2:2b", "system": "Be brief.", "stream": True},
        )


async def test_progress_comes_as_it_is_made(gateway, store):
    async with client_of(gateway, store) as client:
        steps = aiter(await client.pull("tiny", stream=True))
        store.go_on.clear()
        asking = asyncio.ensure_future(anext(steps))
        done, _ = await asyncio.wait([asking], timeout=0.05)
        assert not done
        store.go_on.set()
        assert (await asking).status == "pulling manifest"
        store.go_on.clear()
        await steps.aclose()
        store.go_on.set()


@pytest.mark.parametrize("name", ["auto", "simple", "COMPLEX", "auto:latest"])
async def test_names_of_the_gateway_are_no_models(gateway, store, name):
    async with client_of(gateway, store) as client:
        for change in (
            client.pull(name),
            client.delete(name),
            client.push(name),
            client.create(name, from_="gemma2:2b"),
            client.copy(name, "mine"),
            client.copy("gemma2:2b", name),
        ):
            with pytest.raises(ollama.ResponseError, match=r"gearshift's own") as caught:
                await change
            assert caught.value.status_code == 400
    assert store.changes() == []


async def test_of_several_the_one_that_has_the_model_is_asked(gateway, store):
    async with OllamaStore(models={"mine:latest": "c" * 64}) as second:
        store.models["both:latest"] = second.models["both:latest"] = "d" * 64
        async with client_of(gateway, store, second) as client:
            await client.copy("mine", "yours")
            assert set(second.models) == {"mine:latest", "yours:latest", "both:latest"}
            with pytest.raises(ollama.ResponseError, match=r"box1, box2.*x-gearshift-upstream"):
                await client.delete("both")
            with pytest.raises(ollama.ResponseError, match="not found"):
                await client.delete("nobody")
            await client.pull("tiny")
            assert "tiny:latest" in store.models
            with pytest.raises(ollama.ResponseError, match="is on the upstream box2"):
                await client.create("new", from_="mine")
        named = client_of(gateway, store, second, headers={"x-gearshift-upstream": "box2"})
        async with named as client:
            await client.delete("both")
            assert "both:latest" in store.models
            assert "both:latest" not in second.models
            await client.create("new", from_="mine")
            assert "new:latest" in second.models
    third = client_of(gateway, store, headers={"x-gearshift-upstream": "box9"})
    async with third as client:
        with pytest.raises(ollama.ResponseError, match="these are: box1"):
            await client.pull("tiny")


async def test_models_in_memory_of_several(gateway, store):
    async with OllamaStore(models={"gemma2:2b": "a" * 64}) as second:
        store.load("gemma2:2b", "2026-08-01T12:00:00Z")
        second.load("gemma2:2b", "2026-08-01T13:00:00+02:00")
        store.load("mistral:7b-instruct", "2318-08-01T12:00:00.123456789+02:00")
        async with client_of(gateway, store, second) as client:
            found = [(m.name, m.expires_at.hour) for m in (await client.ps()).models]
    assert found == [("mistral:7b-instruct", 12), ("gemma2:2b", 12), ("gemma2:2b", 13)]


# --- who may, and what is refused

CHANGES = (
    ("POST", "/api/pull"),
    ("POST", "/api/push"),
    ("POST", "/api/create"),
    ("POST", "/api/copy"),
    ("DELETE", "/api/delete"),
)
KEYS = {"admin": "sk-admin-0123456789abcdef", "app": "sk-app-0123456789abcdef"}


async def test_bad_bodies_are_refused_in_ollamas_shape_and_go_nowhere(gateway, store):
    async with gateway(settings(store)) as url, httpx.AsyncClient(base_url=url) as client:
        for method, path in CHANGES:
            for name, (body, word) in {**OF_ANY, **OF_ONE[path]}.items():
                answer = await client.request(method, path, content=body)
                assert answer.status_code in (400, 413), (path, name)
                assert word in error_of("ollama", answer.content)
    assert store.changes() == []


async def test_only_keys_that_may_change_models_do(gateway, store):
    keys = [
        {"name": "admin", "key": KEYS["admin"], "change_models": True},
        {"name": "app", "key": KEYS["app"], "requests_per_minute": 2},
    ]
    async with gateway(settings(store, auth={"api_keys": keys})) as url:
        statuses = {}
        for name, key in {"nobody": "x", **KEYS}.items():
            headers = {"authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(base_url=url, headers=headers) as client:
                body = {"source": "gemma2:2b", "destination": "mine"}
                blob = "/api/blobs/sha256:" + "0" * 64
                statuses[name] = [
                    (await client.post("/api/copy", json=body)).status_code,
                    (await client.head(blob)).status_code,
                    (await client.post(blob, content=b"x" * 1000)).status_code,
                ]
    assert statuses == {
        "nobody": [401, 401, 401],
        "admin": [200, 404, 400],
        "app": [403, 403, 429],
    }
    assert store.changes()[0][0] == "/api/copy"
    assert store.received == 1000


@pytest.mark.parametrize(
    ("access", "page", "status"),
    [
        ({}, None, 200),
        ({}, "http://localhost:3000", 200),
        ({}, "https://evil.example", 403),
        ({"allowed_origins": ["*"]}, "https://evil.example", 403),
        ({"allowed_origins": ["*"]}, "http://localhost:3000", 200),
        ({"allowed_origins": ["*", "https://ui.example"]}, "https://ui.example", 200),
        ({"allowed_origins": ["*"], "change_models": True}, "https://evil.example", 200),
        ({"change_models": False}, None, 403),
    ],
)
async def test_pages_and_the_operators_word(gateway, store, access, page, status):
    headers = {"origin": page} if page else {}
    async with gateway(settings(store, access=access)) as url, httpx.AsyncClient() as client:
        body = {"model": "gemma2:2b"}
        answer = await client.request("DELETE", f"{url}/api/delete", json=body, headers=headers)
    assert answer.status_code == status
    assert ("gemma2:2b" in store.models) is (status == 403)
