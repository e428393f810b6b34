"""Prometheus metrics: counted per finished request, and read from state at each scrape."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gearshift.telemetry.cache_tally import CacheTally
from gearshift.telemetry.compute import LOAD_SECONDS, SHADOW, Accounting
from gearshift.telemetry.energy import Energy
from gearshift.telemetry.events import RequestFinished
from gearshift.telemetry.gauges import AlarmGauges, ModelGauges, ModelState, OwnerGauge
from gearshift.telemetry.tallies import BulkHistogram, HistogramTally

_SECONDS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_OVERHEAD_SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25)
_SCORING_SECONDS: Final = (0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.005, 0.02)
_SCORES: Final = tuple(float(score) for score in range(11))


@dataclass(slots=True)
class _Tally:
    duration: HistogramTally
    first_token: HistogramTally
    input_tokens: int = 0
    output_tokens: int = 0

    def time(self, event: RequestFinished) -> None:
        self.duration.add(event.duration_seconds)
        if event.first_token_seconds is not None:
            self.first_token.add(event.first_token_seconds)


class Metrics:
    """Counts finished requests; hand `observe` to a `Batch`.

    With `PROMETHEUS_MULTIPROC_DIR` set by the process that starts workers, the numbers of all of
    them are added up; whoever starts gearshift has no need to set it.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._is_shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        self._states: list[Collector] = []
        self._counts: dict[tuple[str, str, str, str, str, int], int] = {}
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        base = ("tier", "model", "upstream")

        def counter(name: str, text: str, labels: tuple[str, ...]) -> Counter:
            return Counter(f"gearshift_{name}", text, labels, registry=self._registry)

        def histogram(
            name: str, text: str, labels: Iterable[str], buckets: tuple[float, ...]
        ) -> BulkHistogram:
            return BulkHistogram(
                f"gearshift_{name}", text, tuple(labels), buckets=buckets, registry=self._registry
            )

        self._requests = counter(
            "requests", "Requests by outcome", (*base, "dialect", "cause", "status")
        )
        self._tokens = counter("tokens", "Tokens", ("tier", "model", "direction"))
        self._fallbacks = counter("fallbacks", "Fallbacks", ("from", "to", "cause"))
        self._loads = counter("model_loads", "Answers that waited for a model to load", ())
        self._flops = counter("compute_flops", "Compute spent, in FLOPs", ("tier",))
        self._saved = counter(
            "compute_saved_flops", "Compute not spent, against always-complex, in FLOPs", ()
        )
        self._log_dropped = counter(
            "decision_log_dropped", "Decisions lost while the log's database was away", ()
        )
        self._log_given_up = counter(
            "decision_log_given_up", "Verdicts and costs that the decision log could not store", ()
        )
        self._sinks_failed = counter(
            "sink_failures",
            "Times that a sink failed to record finished requests",
            ("sink",),
        )
        self._lines_lost = counter(
            "log_lines_lost", "Log lines that standard error did not accept", ()
        )
        self._cache = CacheTally(counter)
        self._judgements = counter("quality_judgements", "Verdicts of judges", ("verdict",))
        self._shadows = counter("shadow_requests", "Answers repeated on the other tier", ())
        self._not_compared = counter(
            "shadow_skipped", "Sampled answers that were not compared", ("reason",)
        )
        self._changes = counter(
            "model_changes", "Changes of an upstream's models", ("operation", "result")
        )
        # Of workers that run; one that has ended has none in flight.
        self._in_flight = Gauge(
            "gearshift_requests_in_flight",
            "Requests that are being answered",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._count_in_flight: Callable[[], int] | None = None
        self._is_state_available: Callable[[], bool | None] = lambda: None
        self._state_available: Gauge | None = None
        self._accounting: Accounting | None = None
        self._spent: dict[str, float] = {}
        self._not_spent = 0.0
        self._duration = histogram(
            "request_duration_seconds", "From arrival to the last byte", base, _SECONDS
        )
        self._first_token = histogram(
            "time_to_first_token_seconds", "From arrival to the first content", base, _SECONDS
        )
        overhead = histogram(
            "overhead_seconds", "Time spent in gearshift itself", (), _OVERHEAD_SECONDS
        )
        self._overhead = HistogramTally(overhead, _OVERHEAD_SECONDS)
        scoring = histogram("scoring_seconds", "Time spent scoring", (), _SCORING_SECONDS)
        self._scoring = HistogramTally(scoring, _SCORING_SECONDS)
        score = histogram("score", "Complexity score, 0 to 10", (), _SCORES)
        self._score = HistogramTally(score, _SCORES)

    def account(self, accounting: Accounting) -> None:
        """Count compute from now on."""
        self._accounting = accounting

    def log_dropped(self, count: int) -> None:
        """Count decisions that the log has lost; any thread may call it."""
        self._log_dropped.inc(count)

    def log_given_up(self) -> None:
        """Count a verdict, or what one has cost, that the log has given up; from any thread."""
        self._log_given_up.inc()

    def sink_failed(self, sink: str) -> None:
        """Count a sink that has raised."""
        self._sinks_failed.labels(sink).inc()

    def lines_lost(self, count: int) -> None:
        """Count lines that standard error has not taken; any thread may call it."""
        self._lines_lost.inc(count)

    def judged(self, verdict: str) -> None:
        """Count a verdict."""
        self._judgements.labels(verdict).inc()

    def shadow_sent(self) -> None:
        """Count an answer that was repeated on the other tier."""
        self._shadows.inc()

    def shadow_skipped(self, reason: str) -> None:
        """Count a sampled answer that was not compared."""
        self._not_compared.labels(reason).inc()

    def shadow_spent(self, flops: float) -> None:
        """Charge compute that answered nobody."""
        self._charge(SHADOW, flops)

    def observe(self, events: Sequence[RequestFinished]) -> None:
        """Count finished requests."""
        for event in events:
            self._observe(event)
            if event.cache is not None:
                self._cache.add(event)
        if self._is_shared:
            self._flush()  # another process reads the numbers

    def _observe(self, event: RequestFinished) -> None:
        decision = event.decision
        tier, model, upstream = decision.tier, decision.model, decision.upstream
        key = (tier, model, upstream, event.dialect, str(decision.cause), event.status)
        self._counts[key] = self._counts.get(key, 0) + 1
        tally = self._tallies.get((tier, model, upstream))
        if tally is None:
            tally = self._tally(tier, model, upstream)
        if not event.is_hit:  # whose times say nothing of the deployment
            tally.time(event)
        self._overhead.add(event.overhead_seconds)
        if decision.score is not None:
            self._score.add(decision.score)
            self._scoring.add(event.scoring_seconds)
        if event.usage is not None:
            tally.input_tokens += event.usage.prompt_tokens
            tally.output_tokens += event.usage.completion_tokens
        if decision.fallback is not None:
            self._count_fallback(event, decision.fallback)
        if self._accounting is not None:
            self._count_compute(self._accounting, event)
        if event.load_seconds is not None and event.load_seconds > LOAD_SECONDS:
            self._loads.inc()

    def _count_fallback(self, event: RequestFinished, fallback: str) -> None:
        first, _, answered = fallback.partition("->")
        fault = event.attempts[0][1] if event.attempts else event.decision.cause.value
        self._fallbacks.labels(first, answered, fault).inc()

    def _count_compute(self, accounting: Accounting, event: RequestFinished) -> None:
        compute = accounting.of(event)
        if compute is not None:
            tier = event.decision.tier
            self._charge(tier, compute.used)
            self._not_spent += compute.baseline
            if compute.spared:
                self._cache.spared(tier, compute.spared)
            for name, flops in compute.extra.items():
                self._charge(name, flops)

    def _charge(self, tier: str, flops: float) -> None:
        self._spent[tier] = self._spent.get(tier, 0.0) + flops
        self._not_spent -= flops

    def _tally(self, tier: str, model: str, upstream: str) -> _Tally:
        place = (tier, model, upstream)
        tally = self._tallies[place] = _Tally(
            HistogramTally(self._duration.labels(*place), _SECONDS),
            HistogramTally(self._first_token.labels(*place), _SECONDS),
        )
        return tally

    def _flush(self) -> None:
        counts, self._counts = self._counts, {}
        for (*labels, status), count in counts.items():
            self._requests.labels(*labels, str(status)).inc(count)
        self._cache.flush()
        for (tier, model, _), tally in self._tallies.items():
            tally.duration.flush()
            tally.first_token.flush()
            for direction, tokens in (
                ("input", tally.input_tokens),
                ("output", tally.output_tokens),
            ):
                self._tokens.labels(tier, model, direction).inc(tokens)
            tally.input_tokens = tally.output_tokens = 0
        spent, self._spent = self._spent, {}
        for tier, flops in spent.items():
            self._flops.labels(tier).inc(flops)
        if self._not_spent > 0:  # what was spent beyond the baseline is made up for first
            self._saved.inc(self._not_spent)
            self._not_spent = 0.0
        for histogram in (self._overhead, self._scoring, self._score):
            histogram.flush()

    def refused(self, dialect: str, status: int) -> None:
        """Count a request that was refused before there was a decision."""
        self._requests.labels("", "", "", dialect, "", str(status)).inc()

    def model_changed(self, operation: str, result: str) -> None:
        """Count a change of an upstream's models, as it has ended."""
        self._changes.labels(operation, result).inc()

    def watch(self, states: Callable[[], Iterable[ModelState]]) -> None:
        """Ask `states` at every scrape which models are up and in memory."""
        self._states.append(ModelGauges(states))
        self._registry.register(self._states[-1])

    def watch_in_flight(self, count: Callable[[], int]) -> None:
        """Ask `count` at every scrape how many requests are being answered."""
        self._count_in_flight = count

    def watch_shared_state(self, is_available: Callable[[], bool | None]) -> None:
        """Ask at every scrape whether shared state can be asked; `None` where there is none."""
        self._is_state_available = is_available

    def refresh(self) -> None:
        """Have other processes see what is true just now; call it every second."""
        if self._count_in_flight is not None:
            self._in_flight.set(self._count_in_flight())
        is_available = self._is_state_available()
        if is_available is not None:
            self._available().set(is_available)

    def _available(self) -> Gauge:
        """Made when it is needed: without shared state there is no series."""
        if self._state_available is None:
            # One worker that goes on alone is enough to look into it.
            self._state_available = Gauge(
                "gearshift_shared_state_available",
                "1 if the Redis that replicas share can be asked",
                registry=self._registry,
                multiprocess_mode="livemin",
            )
        return self._state_available

    def watch_alarms(self, lasting: Callable[[], Iterable[str]], names: Iterable[str]) -> None:
        """Ask `lasting` at every scrape which of the alarms `names` last."""
        self._states.append(AlarmGauges(lasting, tuple(names)))
        self._registry.register(self._states[-1])

    def watch_owner(self, is_owner: Callable[[], bool]) -> None:
        """Ask `is_owner` at every scrape whether this process looks after the decision log."""
        self._states.append(OwnerGauge(is_owner))
        self._registry.register(self._states[-1])

    def watch_machine(self) -> None:
        """Read at every scrape what the machine says of its energy."""
        self._states.append(Energy())
        self._registry.register(self._states[-1])

    def exposition(self) -> tuple[str, bytes]:
        """Content type and text of all metrics."""
        self.refresh()
        if not self._is_shared:
            self._flush()
            return CONTENT_TYPE_LATEST, generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the library's gap
        for states in self._states:
            together.register(states)
        return CONTENT_TYPE_LATEST, generate_latest(together)
