"""Runs a gateway in this process: LLMInterface, metrics, log and data plane on one socket."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from gearshift.gateway.app import Gateway
from gearshift.http.limits import http_limits
from gearshift.http.server import HttpServer
from gearshift.interface import LLMInterface
from gearshift.logs import write_lines
from gearshift.providers.base import UpstreamConfig
from gearshift.settings import Settings
from gearshift.telemetry.batch import Batch
from gearshift.telemetry.log import RequestLog
from gearshift.telemetry.metrics import Metrics, ModelState
from gearshift.types import Readiness


@asynccontextmanager
async def running_gateway(
    settings: Settings,
    upstreams: Sequence[UpstreamConfig] | None,
    listener: socket.socket,
    workers: int = 1,
) -> AsyncIterator[Gateway]:
    """A gateway that answers on `listener` until the context ends, which drains it.

    Args:
        settings: Effective settings.
        upstreams: Instead of the configured ones.
        listener: A socket that listens.
        workers: Processes that share the load, this one included.

    Raises:
        GearshiftError: An upstream cannot be started.
    """
    routing = settings.tiered_routing.logging
    metrics = Metrics()
    log = RequestLog(
        write_lines, scores=routing.log_scores, decisions=routing.log_routing_decisions
    )
    batch = Batch(metrics.observe, log.write)
    async with LLMInterface(settings, sinks=[batch.add], upstreams=upstreams) as llm:
        metrics.watch(lambda: model_states(llm))
        gateway = Gateway(llm, metrics, workers)
        server = HttpServer(gateway.handle, gateway.refusal, limits=http_limits(settings))
        await server.start(listener)
        try:
            yield gateway
        finally:
            await server.stop()
            batch.flush()


def model_states(llm: LLMInterface) -> Iterator[ModelState]:
    """What is known of the tiers' deployments now, for the gauges."""
    states = llm.upstream_states()
    for chain in llm.tier_health().values():
        for health in chain:
            upstream, model = health.deployment.upstream, health.deployment.model
            infos = states[upstream].models if upstream in states else ()
            resident = next((i.is_resident for i in infos if i.name == model), None)
            yield ModelState(upstream, model, health.readiness is Readiness.READY, resident)
