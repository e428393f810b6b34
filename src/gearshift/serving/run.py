"""Runs a gateway in this process: LLMInterface, metrics, log and data plane on one socket."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gearshift.catalog.sizes import Sizes
from gearshift.config.loading import Settings
from gearshift.gateway.app import Gateway
from gearshift.gateway.experiment_sync import ExperimentSync
from gearshift.gateway.shadow_evaluation import ShadowEvaluation
from gearshift.http.server.server import HttpServer
from gearshift.interface import LLMInterface
from gearshift.providers.base import UpstreamConfig
from gearshift.serving.limits import http_limits
from gearshift.serving.live_interface import LiveInterface
from gearshift.serving.logs import notice, on_lost_lines, write_lines
from gearshift.serving.tls import server_context
from gearshift.telemetry.batch import Batch
from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.events import Sink
from gearshift.telemetry.gauges import ModelState
from gearshift.telemetry.log import RequestLog
from gearshift.telemetry.metrics import Metrics
from gearshift.telemetry.otlp import OpenTelemetry, is_wanted
from gearshift.threads import Purpose, in_thread
from gearshift.types import Readiness

if TYPE_CHECKING:
    from gearshift.decision_log.feedback import Feedback
    from gearshift.decision_log.writer import LogWriter

_REFRESH_SECONDS: Final = 1.0


@dataclass(slots=True)
class Running:
    """What other planes of the process need of a gateway that runs.

    Attributes:
        most_seconds: How long its end may take at most, whatever the settings say.
    """

    live: LiveInterface
    metrics: Metrics
    most_seconds: float = math.inf


@asynccontextmanager
async def running_gateway(
    settings: Settings,
    upstreams: Sequence[UpstreamConfig] | None,
    listener: socket.socket,
    workers: int = 1,
    *,
    with_log: bool = False,
) -> AsyncIterator[Running]:
    """A gateway that answers on `listener` until the context ends, which drains it.

    Args:
        settings: Effective settings, to begin with.
        upstreams: Instead of the configured ones.
        listener: A socket that listens.
        workers: Processes that share the load, this one included.
        with_log: Keep a decision log, if the settings want one.

    Raises:
        GearshiftError: An upstream cannot be started, or the certificate cannot be used.
    """
    metrics = Metrics()
    on_lost_lines(metrics.lines_lost)
    sizes = Sizes()
    accounting = Accounting(sizes.parameters, sizes.largest)
    metrics.account(accounting)
    kept = decision_log(settings, accounting, metrics) if with_log else None

    spans = _opentelemetry(settings)

    def sinks_of(settings: Settings) -> tuple[Sink, ...]:
        logging = settings.tiered_routing.logging
        log = RequestLog(
            write_lines,
            scores=logging.log_scores,
            decisions=logging.log_routing_decisions,
            accounting=accounting,
        )
        told_too = [] if kept is None else [kept.writer.add]
        told_too += [] if spans is None else [spans.observe]
        return (Batch(metrics.observe, log.write, *told_too, failed=metrics.sink_failed).add,)

    async with LiveInterface(settings, upstreams, sinks_of) as live:
        live.follow(sizes.switch_to)
        metrics.watch_machine()
        metrics.watch(lambda: model_states(live.llm))
        metrics.watch_in_flight(lambda: live.in_flight)
        metrics.watch_shared_state(lambda: _is_shared(live.llm))
        shadow_evaluation = ShadowEvaluation(
            metrics, accounting, kept.writer if kept else None, workers
        )
        live.follow(shadow_evaluation.switch_to)
        if kept is not None:
            live.follow(kept.experiment_sync.switch_to)
        gateway = Gateway(
            live.llm,
            metrics,
            workers,
            kept.feedback if kept else None,
            shadow_evaluation,
            is_local=_is_loopback(listener),
        )
        live.follow(gateway.switch_to)
        server = HttpServer(
            gateway.handle,
            gateway.refusal,
            limits=http_limits(settings),
            tls=server_context(settings.tls),
            streamed=gateway.streamed_paths,
        )
        live.follow(lambda llm: limit(server, llm.settings))
        await server.start(listener)
        if kept is not None:
            kept.writer.start()
            kept.experiment_sync.start()
        if spans is not None:
            spans.start()
        running = Running(live, metrics)
        try:
            with _refreshed(metrics):
                yield running
        finally:
            await _ended(running, gateway, server)
            await shadow_evaluation.aclose()
            if kept is not None:
                await kept.experiment_sync.aclose()
            await asyncio.sleep(0)  # the last requests are told in the loop's next turn
            if kept is not None:
                await in_thread(Purpose.ENDING, kept.close)
            if spans is not None:
                await in_thread(Purpose.ENDING, spans.close)


async def _ended(running: Running, gateway: Gateway, server: HttpServer) -> None:
    """Have load balancers turn away, then accept no more and let answers finish."""
    live, most = running.live, running.most_seconds
    settings = live.llm.settings
    if delay := min(settings.shutdown.delay_seconds, most):
        gateway.leave()
        server.leave()
        await asyncio.sleep(delay)
    grace = min(settings.grace_seconds, most - delay)
    if count := live.in_flight:
        notice(
            f"waiting up to {grace:g} s for answers in progress ({count}); "
            "a second signal ends them at once"
        )
    await server.stop(grace)


@contextmanager
def _refreshed(metrics: Metrics) -> Iterator[None]:
    """Whichever worker is scraped tells for all of them."""

    async def refresh() -> None:
        while True:
            metrics.refresh()
            await asyncio.sleep(_REFRESH_SECONDS)

    task = asyncio.create_task(refresh())
    try:
        yield
    finally:
        task.cancel()


@dataclass(frozen=True, slots=True)
class DecisionLog:
    """What this process does with the decision log."""

    writer: LogWriter
    feedback: Feedback
    experiment_sync: ExperimentSync

    def close(self) -> None:
        """Write what is waiting, and let go."""
        self.writer.stop()
        self.feedback.close()


def decision_log(
    settings: Settings, accounting: Accounting, metrics: Metrics
) -> DecisionLog | None:
    """The decision log, if the settings want one."""
    wanted = settings.decision_log
    if not wanted.enabled:
        return None
    # Here, not above: SQLAlchemy is not loaded where there is no log.
    from gearshift.decision_log.database import default_url
    from gearshift.decision_log.feedback import Feedback
    from gearshift.decision_log.writer import LogWriter

    url = wanted.url or default_url()
    writer = LogWriter(
        url,
        accounting,
        with_prompts=wanted.store_prompts,
        dropped=metrics.log_dropped,
        given_up=metrics.log_given_up,
    )
    return DecisionLog(writer, Feedback(url), ExperimentSync(url))


def _opentelemetry(settings: Settings) -> OpenTelemetry | None:
    """What sends spans and metrics, where somebody has said where to."""
    wanted = settings.opentelemetry
    if not is_wanted(wanted.endpoint) or not (wanted.traces or wanted.metrics):
        return None
    return OpenTelemetry(
        wanted.endpoint, traces=wanted.traces, metrics=wanted.metrics, with_content=wanted.content
    )


def _is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine reaches it."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def _is_shared(llm: LLMInterface) -> bool | None:
    return None if llm.shared_state is None else llm.shared_state.is_available


def limit(server: HttpServer, settings: Settings) -> None:
    """Hold clients to the limits of these settings."""
    server.state.limits = http_limits(settings)


def model_states(llm: LLMInterface) -> Iterator[ModelState]:
    """What is known of the tiers' deployments now, for the gauges."""
    for deployments in llm.tier_health().values():
        for health in deployments:
            upstream, model = health.deployment.upstream, health.deployment.model
            info = llm.model_info(health.deployment)
            resident = None if info is None else info.is_resident
            yield ModelState(upstream, model, health.readiness is Readiness.READY, resident)
