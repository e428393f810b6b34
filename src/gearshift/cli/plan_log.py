"""The load of a plan from the decision log, at the thresholds that may be recommended."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click
import numpy as np

from gearshift.capacity.demands import Logged, Model, Stated
from gearshift.capacity.traffic import Arrivals, Traffic, arrivals
from gearshift.cli.plan_sources import Load, Source, stated_speed
from gearshift.cli.plan_tiers import TierSpec
from gearshift.cli.stats import hours_of, open_log
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.types import JsonObject

if TYPE_CHECKING:  # SQLAlchemy is imported only when the log is read
    from sqlalchemy.engine import Engine

FEWEST: Final = 100
"""Requests that a log must have to be planned from."""
ALPHA: Final = 0.05
"""Of the guarantee that a threshold needs to be recommended, and its delta: as of `tune`."""
_SHORTEST_SECONDS: Final = 60.0


def logged_source(
    settings: Settings,
    specs: Mapping[str, TierSpec],
    since: str,
    growth: float,
    dispersion: float | None,
    thresholds: Sequence[float],
) -> Source:
    """The load of the log's busiest hour.

    Raises:
        GearshiftError: The log is off, or has too few requests.
    """
    _check_specs(specs)
    traffic, promised = _read(settings, since)
    tiers = settings.tiered_routing.ordered_tiers
    names = [tier.name for tier in tiers]
    traffic = traffic.where(np.isin(traffic.tier, names))
    _check(traffic, since)
    coming = arrivals(traffic.time)
    logged = Logged(traffic, names, {name: _stated(spec) for name, spec in specs.items()})
    now = [tier.below or 0.0 for tier in tiers[:-1]]
    rate, spread = coming.peak * growth, dispersion or coming.dispersion
    loads = []
    for threshold in _candidates(now, thresholds, promised):
        bounds = [threshold, *now[1:]] if threshold is not None else []
        is_safe = threshold is None or threshold == now[0] or threshold in promised
        loads.append(Load(threshold, is_safe, logged.workloads(bounds, rate, spread)))
    used = dict.fromkeys(name for load in loads for name in load.workloads)
    models = {name: logged.model(name) for name in used}
    servers = {name: model.server for name, model in models.items()}
    facts = _arrival_facts(traffic, coming, growth, spread) | {
        "rate": rate,
        "guaranteed_thresholds": promised,
        "models": {name: _model_facts(model) for name, model in models.items()},
    }
    return Source(settings, specs, servers, loads, facts, _assumed(models, promised))


def _check_specs(specs: Mapping[str, TierSpec]) -> None:
    for name, spec in specs.items():
        if (spec.decode is None) != (spec.prefill is None):
            raise click.UsageError(f"--tier {name}: decode and prefill go together")
        if spec.share is not None or spec.prompt is not None or spec.completion is not None:
            raise click.UsageError(
                f"--tier {name}: share, prompt and completion are known from the log; they need "
                "--rate"
            )


def _read(settings: Settings, since: str) -> tuple[Traffic, list[float]]:
    """The traffic of the log, and the thresholds that have a guarantee."""
    start = time.time() - 3_600 * hours_of(since)
    engine = open_log(settings)
    try:
        from gearshift.decision_log.traffic import traffic_since

        return traffic_since(engine, start), _promised(engine, settings)
    finally:
        engine.dispose()


def _promised(engine: Engine, settings: Settings) -> list[float]:
    """What `tune` would guarantee of the judged answers; nothing where it could not."""
    try:
        from gearshift.guarantees.threshold import JudgedScores, Risk, promised
        from gearshift.quality.logged import logged_answers

        judged = logged_answers(engine, load_scorer(settings.tiered_routing))
        losses = (judged.gap > 0).astype(np.float64)
        scores = JudgedScores(judged.scores, losses, judged.weights)
        safe = promised(scores, alpha=ALPHA, delta=ALPHA, risk=Risk.SMALL)
    except GearshiftError:
        return []
    return [each.threshold for each in safe]


def _candidates(
    now: Sequence[float], given: Sequence[float], promised: Sequence[float]
) -> list[float | None]:
    if not now:  # a single tier gets everything
        return [None]
    return list(dict.fromkeys((now[0], *(given or promised[-1:]))))


def _check(traffic: Traffic, since: str) -> None:
    n = len(traffic.time)
    if n < FEWEST:
        raise GearshiftError(
            f"the decision log has {n} requests for the tiers in the last {since}, and {FEWEST} "
            "are needed to plan from them; take more of the log with --since, or state the load "
            "with --rate"
        )
    if traffic.time[-1] - traffic.time[0] < _SHORTEST_SECONDS:
        raise GearshiftError(
            "the requests of the decision log lie less than a minute apart, which says nothing of "
            "how many there will be; state the load with --rate"
        )


def _stated(spec: TierSpec) -> Stated:
    return Stated(stated_speed(spec) if spec.decode else None, spec.slots, spec.slowdown)


def _arrival_facts(
    traffic: Traffic, coming: Arrivals, growth: float, dispersion: float
) -> JsonObject:
    return {
        "source": "log",
        "requests": len(traffic.time),
        "seconds": coming.span,
        "mean_rate": coming.mean,
        "peak_rate": coming.peak,
        "peak_start": coming.peak_start,
        "growth": growth,
        "dispersion": dispersion,
        "by_hour_of_day": list(coming.by_hour_of_day),
        "cache_hit_share": float(traffic.is_hit.mean()),
    }


def _model_facts(model: Model) -> JsonObject:
    return {
        "decode": _finite(model.speed.decode),
        "prefill": _finite(model.speed.prefill),
        "overhead": model.speed.overhead,
        "slots": model.server.slots,
        "slowdown": model.server.slowdown,
        "fitted_to": model.fit.n if model.fit else None,
        "median_error": model.fit.error if model.fit else None,
    }


def _finite(value: float) -> float | None:
    return None if value == float("inf") else value


def _assumed(models: Mapping[str, Model], promised: Sequence[float]) -> list[str]:
    said = [
        "tokens, bursts and hits of the cache stay as logged; a request that goes to another tier "
        "than it did gets an answer as long as it had",
        "an upstream of the log is one deployment; replicas behind its address would be one, too",
    ]
    for name, model in models.items():
        if model.fit and not model.fit.knows_slowdown:
            said.append(
                f"{name}: requests hardly overlapped, so they are taken to share what one would "
                f"have (slowdown=1); state --tier {name}:slots=N,slowdown=S if that is known"
            )
    if not promised:
        said.append("no other threshold is recommended: `gearshift tune` can guarantee none yet")
    return said
