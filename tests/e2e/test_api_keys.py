"""API keys in a running gateway: tiers, rate limits, and what they make visible."""

import json

import pytest
from tests.e2e.conftest import serving_models
from tests.e2e.test_settings_in_force import config, fetch, send
from tests.fakes.upstream import FaultUpstream

from gearshift.config.sections.access import hash_of

SIMPLE, COMPLEX = "What time is it?", "Explain async vs threads"
MODELS = ("gemma2:2b", "mistral:7b-instruct", "stray:1b")
AUTH = {
    "api_keys": [
        "everything",
        {"name": "small", "hash": hash_of("small-key"), "tiers": ["simple"]},
        {"name": "large", "key": "large-key", "tiers": ["complex"]},
    ]
}
SMALL, LARGE = {"authorization": "Bearer small-key"}, {"x-api-key": "large-key"}
ALL = {"authorization": "Bearer everything"}


def message(body):
    error = json.loads(body)["error"]
    return error if isinstance(error, str) else error["message"]


async def test_a_key_is_sent_to_its_tiers_only(gateway):
    async with (
        FaultUpstream(models=MODELS) as upstream,
        gateway(config(upstream, auth=AUTH)) as url,
    ):
        for path in ("/v1/chat/completions", "/api/chat", "/v1/route"):
            for headers, text, tier in (
                (SMALL, COMPLEX, "simple"),
                (SMALL, SIMPLE, "simple"),
                (LARGE, SIMPLE, "complex"),
                (ALL, SIMPLE, "simple"),
            ):
                status, answered, _ = await send(url, text, path=path, headers=headers)
                assert (status, answered["x-gearshift-tier"]) == (200, tier)
        _, answered, _ = await send(url, COMPLEX, headers=SMALL)
        assert answered["x-gearshift-reason"].startswith("the API key does not allow complex")
        _, _, body = await send(url, COMPLEX, path="/v1/route", headers=SMALL)
        assert json.loads(body)["cause"] == "forced"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat", "/v1/route"])
async def test_what_is_named_but_not_allowed_is_refused(gateway, path):
    async with (
        FaultUpstream(models=MODELS) as upstream,
        gateway(config(upstream, auth=AUTH)) as url,
    ):
        for name, tier in (
            ("complex", ""),
            ("mistral:7b-instruct", ""),
            ("stray:1b", ""),
            ("auto", "complex"),
        ):
            headers = {**SMALL, "x-gearshift-tier": tier}
            status, _, body = await send(url, path=path, headers=headers, model=name)
            assert status == 403, name
            assert message(body).endswith("it may use: simple")
        assert upstream.asked == []
        status, _, _ = await send(url, path=path, headers=SMALL, model="nobody")
        assert status == 404
        status, answered, _ = await send(url, path=path, headers=SMALL, model="gemma2:2b")
        assert (status, answered["x-gearshift-tier"]) == (200, "simple")
        assert (await send(url, path=path, headers=ALL, model="stray:1b"))[0] == 200


async def test_a_fallback_stays_within_the_tiers_of_the_key(gateway):
    async with (
        FaultUpstream("failed", models=MODELS) as upstream,
        gateway(config(upstream, auth=AUTH)) as url,
    ):
        status, _, body = await send(url, SIMPLE, headers=SMALL)
        assert status == 502
        assert "u/gemma2:2b" in message(body)
        assert "mistral" not in message(body)
        assert all(b"gemma2:2b" in asked.body for asked in upstream.asked)


async def test_lists_hold_what_the_key_may_use(gateway):
    async with (
        FaultUpstream(models=MODELS) as upstream,
        gateway(config(upstream, auth=AUTH)) as url,
    ):
        for headers, names in (
            (SMALL, ["auto", "simple", "gemma2:2b"]),
            (LARGE, ["auto", "complex", "mistral:7b-instruct"]),
            (ALL, ["auto", "simple", "complex", *MODELS]),
        ):
            _, body = await fetch(f"{url}/v1/models", **headers)
            assert [model["id"] for model in json.loads(body)["data"]] == names
            _, body = await fetch(f"{url}/api/tags", **headers)
            assert [model["name"] for model in json.loads(body)["models"]] == names
        for name, status in (("gemma2:2b", 200), ("mistral:7b-instruct", 404), ("complex", 404)):
            assert (await fetch(f"{url}/v1/models/{name}", **SMALL))[0] == status
            shown = await send(url, path="/api/show", headers=SMALL, model=name)
            assert shown[0] == status


async def test_the_rate_limit_counts_what_is_routed(gateway):
    key = {"name": "app", "key": "limited-key", "requests_per_minute": 3}
    headers = {"authorization": "Bearer limited-key"}
    async with (
        FaultUpstream() as upstream,
        gateway(config(upstream, auth={"api_keys": [key, "everything"]})) as url,
    ):
        for path in ("/v1/models", "/api/tags", "/metrics", "/health/ready", "/api/version"):
            for _ in range(2):
                assert (await fetch(url + path, **headers))[0] == 200
        for path in ("/v1/chat/completions", "/api/chat", "/v1/route"):
            assert (await send(url, path=path, headers=headers))[0] == 200
        for path in ("/v1/chat/completions", "/api/chat", "/api/generate", "/v1/route"):
            status, answered, body = await send(url, path=path, headers=headers)
            assert status == 429
            assert 1 <= int(answered["retry-after"]) <= 20
            assert "rate limit" in message(body)
            if path == "/v1/chat/completions":
                assert json.loads(body)["error"]["code"] == "rate_limit_exceeded"
        assert (await send(url, headers=ALL))[0] == 200
        assert (await fetch(f"{url}/v1/models", **headers))[0] == 200
        assert len(upstream.asked) == 3


async def test_two_workers_share_a_limit_and_nobody_sees_the_key(tmp_path):
    key = "limited-key-of-some-length"
    file = tmp_path / "x.json"
    entry = {"name": "app", "key": key, "requests_per_minute": 2}
    file.write_text(json.dumps({"auth": {"api_keys": [entry, "short"]}}), encoding="utf-8")
    arguments = ("--workers", "2", "--config", str(file))
    with serving_models(tmp_path, *arguments) as gateway:
        asked = [
            (await send(gateway.url, path="/v1/route", headers={"x-api-key": key}))[0]
            for _ in range(6)
        ]
        # Which worker a connection falls on is the kernel's choice; each has one to give.
        assert 1 <= asked.count(200) <= 2
        assert asked.count(429) == 6 - asked.count(200)
    told = (tmp_path / "stderr").read_text()
    assert key not in told
    assert "auth.api_keys.1: has fewer than 16 characters" in told


async def test_the_log_names_the_client(gateway, capfd):
    async with FaultUpstream() as upstream, gateway(config(upstream, auth=AUTH)) as url:
        for headers in (SMALL, ALL):
            assert (await send(url, headers=headers))[0] == 200
    records = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [record.get("key") for record in records] == ["small", None]
    assert "small-key" not in str(records)
