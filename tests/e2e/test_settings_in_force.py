"""Settings do what they say in a running gateway."""

import aiohttp
import pytest
from tests.fakes.upstream import FaultUpstream

PATH = "/v1/chat/completions"


async def send(url, text="hi", *, path=PATH, headers=None, **more):
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], **more}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url + path, json=body) as response,
    ):
        return response.status, response.headers, await response.read()


async def fetch(url, **headers):
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        return response.status, await response.read()


def config(upstream, **more):
    one = {"name": "u", "provider": "openai", "base_url": f"{upstream.url}/v1"}
    return {"upstreams": [one], **more}


async def test_api_keys(gateway):
    async with FaultUpstream() as upstream:
        async with gateway(config(upstream, auth={"api_keys": ["right", "also"]})) as url:
            for headers, status in (
                ({}, 401),
                ({"authorization": "Bearer wrong"}, 401),
                ({"authorization": "right"}, 401),
                ({"authorization": "Bearer right"}, 200),
                ({"authorization": "bearer also"}, 200),
                ({"x-api-key": "right"}, 200),
            ):
                for path in (PATH, "/api/chat"):
                    assert (await send(url, path=path, headers=headers))[0] == status
            assert (await fetch(f"{url}/v1/models"))[0] == 401
            assert (await fetch(f"{url}/metrics"))[0] == 401
            assert (await fetch(f"{url}/health/live"))[0] == 200
            assert (await fetch(url))[0] == 200
        assert all("right" not in str(request.headers) for request in upstream.asked)


@pytest.mark.parametrize(
    ("text", "tier", "model"),
    [
        ("What time is it?", "tiny", "a"),
        ("Explain async vs threads", "middle", "b"),
        (
            "Write a Python script that parses JSON, validates schema, stores in Redis",
            "large",
            "d",
        ),
    ],
)
async def test_three_tiers(gateway, text, tier, model):
    tiers = [
        {"name": "tiny", "below": 2, "deployments": ["a"]},
        {"name": "middle", "below": 6, "deployments": ["b", "u/c"]},
        {"name": "large", "deployments": ["d"]},
    ]
    async with (
        FaultUpstream(models=("a", "b", "c", "d")) as upstream,
        gateway(config(upstream, tiered_routing={"tiers": tiers})) as url,
    ):
        status, headers, _ = await send(url, text)
        assert (status, headers["x-gearshift-tier"]) == (200, tier)
        assert headers["x-gearshift-model"] == model
        status, headers, _ = await send(url, model="middle")
        assert headers["x-gearshift-tier"] == "middle"


async def test_within_a_tier_the_next_deployment_is_asked_first(gateway):
    tiers = [
        {"name": "simple", "below": 3, "deployments": ["one/m", "two/m"]},
        {"name": "complex", "deployments": ["two/big"]},
    ]
    async with FaultUpstream("failed", models=("m",)) as one, FaultUpstream() as two:
        two.models = ("m", "big")
        upstreams = [
            {"name": name, "provider": "openai", "base_url": f"{fake.url}/v1"}
            for name, fake in (("one", one), ("two", two))
        ]
        settings = {"upstreams": upstreams, "tiered_routing": {"tiers": tiers}}
        async with gateway(settings) as url:
            status, headers, _ = await send(url)
    assert (status, headers["x-gearshift-tier"]) == (200, "simple")
    assert headers["x-gearshift-upstream"] == "two"
    assert headers["x-gearshift-fallback"] == "one/m->two/m"


async def test_disabled_routing_sends_everything_to_the_complex_tier(gateway):
    async with (
        FaultUpstream() as upstream,
        gateway(config(upstream, tiered_routing={"enabled": False})) as url,
    ):
        _, headers, _ = await send(url)
    assert headers["x-gearshift-tier"] == "complex"


async def test_without_fallback_a_failure_is_a_failure(gateway):
    routing = {"fallback_to_complex": False, "models": {"simple": "gemma2:2b", "complex": "x"}}
    async with (
        FaultUpstream("failed") as upstream,
        gateway(config(upstream, tiered_routing=routing, retries={"attempts": 0})) as url,
    ):
        status, _, body = await send(url)
    assert status == 502
    assert len(upstream.asked) == 1
    assert b"u/gemma2:2b" in body


async def test_readiness_follows_the_models(gateway):
    async with FaultUpstream(models=("gemma2:2b",)) as upstream, gateway(config(upstream)) as url:
        status, body = await fetch(f"{url}/health/ready")
    assert status == 503
    assert b'"missing_model"' in body


async def test_a_server_that_lists_no_models_is_ready_and_answers(gateway):
    async with FaultUpstream(absent=("/v1/models",)) as upstream, gateway(config(upstream)) as url:
        ready, body = await fetch(f"{url}/health/ready")
        status, _, _ = await send(url)
    assert (ready, status) == (200, 200)
    assert b'"has_model":null' in body


async def test_metrics_count_what_happened(gateway):
    async with FaultUpstream() as upstream, gateway(config(upstream)) as url:
        await send(url)
        await send(url, "Explain async vs threads", stream=True)
        await send(url, model="nobody")
        _, body = await fetch(f"{url}/metrics")
    text = body.decode()
    for line in (
        'gearshift_requests_total{cause="scored",dialect="openai",model="gemma2:2b",'
        'status="200",tier="simple",upstream="u"} 1.0',
        'gearshift_tokens_total{direction="input",model="gemma2:2b",tier="simple"} 3.0',
        'gearshift_upstream_up{model="gemma2:2b",upstream="u"} 1.0',
        "gearshift_score_count 2.0",
        'cause="",dialect="openai",model="",status="404"',
    ):
        assert line in text, text


async def test_an_answer_to_the_route_question_sends_nothing(gateway):
    async with FaultUpstream() as upstream, gateway(config(upstream)) as url:
        status, headers, body = await send(url, "Explain async vs threads", path="/v1/route")
    assert status == 200
    assert upstream.asked == []
    assert b'"tier":"complex"' in body
    assert headers["x-gearshift-tier"] == "complex"
