"""Readiness: every tier's deployments with their levels of health, as both planes tell it."""

from __future__ import annotations

import orjson

from gearshift.http.values import HttpResponse
from gearshift.interface import LLMInterface
from gearshift.pipeline.health import DeploymentHealth
from gearshift.types import JsonObject, Readiness


def readiness(llm: LLMInterface, *, is_leaving: bool = False) -> HttpResponse:
    """200 when every tier has a deployment that is ready, else 503; says which is how.

    Args:
        llm: Knows how they are.
        is_leaving: The gateway is about to end, so that further requests belong elsewhere.
    """
    tiers = llm.tier_health()
    ok = all(
        any(health.readiness is Readiness.READY for health in deployments)
        for deployments in tiers.values()
    )
    report = {
        "status": "stopping" if is_leaving else "ready" if ok else "not ready",
        "tiers": {
            tier: [_described(health) for health in deployments]
            for tier, deployments in tiers.items()
        },
    }
    headers = {"content-type": "application/json"}
    return HttpResponse(200 if ok and not is_leaving else 503, headers, orjson.dumps(report))


def _described(health: DeploymentHealth) -> JsonObject:
    level = health.readiness
    is_reachable = level not in (Readiness.UNREACHABLE, Readiness.UNKNOWN)
    return {
        "upstream": health.deployment.upstream,
        "model": health.deployment.model,
        "state": level.value,
        "reachable": is_reachable,
        "has_model": health.has_model,
        "ready": level is Readiness.READY,
        "in_cooldown": health.in_cooldown,
        "detail": health.detail,
    }
