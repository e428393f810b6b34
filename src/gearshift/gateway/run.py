"""Runs a gateway in this process: LLMInterface, metrics, log and data plane on one socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gearshift.gateway.app import Gateway
from gearshift.gateway.in_force import InForce
from gearshift.http.limits import http_limits
from gearshift.http.server import HttpServer
from gearshift.http.tls import server_context
from gearshift.interface import LLMInterface
from gearshift.logs import write_lines
from gearshift.providers.base import UpstreamConfig
from gearshift.settings import Settings
from gearshift.telemetry.batch import Batch
from gearshift.telemetry.events import Sink
from gearshift.telemetry.log import RequestLog
from gearshift.telemetry.metrics import Metrics, ModelState
from gearshift.types import Readiness


@dataclass(frozen=True, slots=True)
class Running:
    """What other planes of the process need of a gateway that runs."""

    in_force: InForce
    metrics: Metrics


@asynccontextmanager
async def running_gateway(
    settings: Settings,
    upstreams: Sequence[UpstreamConfig] | None,
    listener: socket.socket,
    workers: int = 1,
) -> AsyncIterator[Running]:
    """A gateway that answers on `listener` until the context ends, which drains it.

    Args:
        settings: Effective settings, to begin with.
        upstreams: Instead of the configured ones.
        listener: A socket that listens.
        workers: Processes that share the load, this one included.

    Raises:
        GearshiftError: An upstream cannot be started, or the certificate cannot be used.
    """
    metrics = Metrics()

    def sinks_of(settings: Settings) -> tuple[Sink, ...]:
        told = settings.tiered_routing.logging
        log = RequestLog(write_lines, scores=told.log_scores, decisions=told.log_routing_decisions)
        return (Batch(metrics.observe, log.write).add,)

    async with InForce(settings, upstreams, sinks_of) as in_force:
        metrics.watch(lambda: model_states(in_force.llm))
        gateway = Gateway(in_force.llm, metrics, workers)
        in_force.follow(gateway.adopt)
        server = HttpServer(
            gateway.handle,
            gateway.refusal,
            limits=http_limits(settings),
            tls=server_context(settings.tls),
        )
        in_force.follow(lambda llm: limit(server, llm.settings))
        await server.start(listener)
        try:
            yield Running(in_force, metrics)
        finally:
            await server.stop()
            await asyncio.sleep(0)  # the last requests are told in the loop's next turn


def limit(server: HttpServer, settings: Settings) -> None:
    """Hold clients to the limits of these settings."""
    server.limits = http_limits(settings)


def model_states(llm: LLMInterface) -> Iterator[ModelState]:
    """What is known of the tiers' deployments now, for the gauges."""
    states = llm.upstream_states()
    for chain in llm.tier_health().values():
        for health in chain:
            upstream, model = health.deployment.upstream, health.deployment.model
            infos = states[upstream].models if upstream in states else ()
            resident = next((i.is_resident for i in infos if i.name == model), None)
            yield ModelState(upstream, model, health.readiness is Readiness.READY, resident)
