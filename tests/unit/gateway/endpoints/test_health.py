"""Health on the data port: alive while it answers, ready while every tier can."""

import json


async def test_it_is_alive_whatever_is_behind_it(planes):
    plane = await planes(models=[])
    assert await plane.json("/health/live") == {"status": "live"}


async def test_it_is_ready_while_every_tier_can_answer(planes):
    found = await (await planes()).json("/health/ready")
    assert found["status"] == "ready"
    (simple,) = found["tiers"]["simple"]
    assert (simple["upstream"], simple["model"], simple["state"]) == ("here", "gemma2:2b", "ready")


async def test_it_is_not_while_one_cannot(planes):
    plane = await planes()
    provider = plane.llm.providers["here"]
    provider.is_reachable = False
    await plane.llm.health.probe_all()
    response = await plane.ask("/health/ready")
    found = json.loads(response.body)
    assert (response.status, found["status"]) == (503, "not ready")
    assert {one["state"] for tier in found["tiers"].values() for one in tier} == {"unreachable"}


async def test_no_key_is_needed(planes):
    plane = await planes(auth={"api_keys": ["a-key-of-some-length"]})
    assert (await plane.ask("/health/live")).status == 200
    assert (await plane.ask("/health/ready")).status == 200
    assert (await plane.ask("/v1/models")).status == 401
