"""What `gearshift plan` says: its facts as JSON, and in words."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import click

from gearshift.capacity.fleet import FleetPlan, PlannedTier, best
from gearshift.capacity.plan import ImpossibleError, Targets, Trial
from gearshift.cli.plan_sources import Source
from gearshift.cli.stats import sparkline
from gearshift.types import JsonObject

_COLUMNS: Final = (
    *("tier", "req/s", "deployments", "utilisation", "wait p95"),
    *("first token p95", "total p50", "p95", "p99", "cost/h"),
)


def facts_of(
    source: Source,
    plans: Sequence[FleetPlan | ImpossibleError],
    targets: Mapping[str, Targets],
    balancing: str,
) -> JsonObject:
    """Everything, as `--json` prints it; times in seconds, costs per hour."""
    fleets = [each for each in plans if isinstance(each, FleetPlan)]
    chosen, by = best(fleets)
    currency = source.settings.prices.currency
    return {
        "load": source.facts,
        "targets": {name: asdict(target) for name, target in targets.items()},
        "balancing": balancing,
        "plans": [
            _fleet(each, currency)
            if isinstance(each, FleetPlan)
            else {"threshold": load.threshold, "impossible": str(each)}
            for load, each in zip(source.loads, plans, strict=True)
        ],
        "recommended": {
            "threshold": chosen.threshold,
            "deployments": {tier.plan.demand.tier: tier.deployments for tier in chosen.tiers},
            "by": by,
            "why": [line for tier in chosen.tiers for line in _why(tier)],
            "saturates_first": chosen.first_to_saturate.plan.demand.tier,
            "saturates_at_growth": chosen.first_to_saturate.saturates_at,
        },
        "assumptions": [*source.assumptions, *_common(chosen, balancing)],
    }


def _fleet(fleet: FleetPlan, currency: str) -> JsonObject:
    return {
        "threshold": fleet.threshold,
        "may_be_recommended": fleet.is_safe,
        "deployments": fleet.deployments,
        "cost_per_hour": fleet.money,
        "currency": currency,
        "kilowatts": fleet.kilowatts,
        "flops_per_hour": fleet.flops,
        "tiers": {tier.plan.demand.tier: _tier(tier) for tier in fleet.tiers},
    }


def _tier(tier: PlannedTier) -> JsonObject:
    plan = tier.plan
    work = plan.demand.workload
    return {
        "rate": work.rate,
        "prompt_tokens": work.prompt,
        "completion_tokens": work.completion,
        "seconds_alone": work.mean,
        "slots": plan.demand.server.slots,
        "slowdown": plan.demand.server.slowdown,
        "deployments": tier.deployments,
        "spare": tier.spare,
        "cells": plan.cells,
        "cost_per_hour": tier.money,
        "kilowatts": tier.kilowatts,
        "flops_per_hour": tier.flops,
        **_outcome(plan.chosen),
        "smaller": None if plan.smaller is None else _outcome(plan.smaller),
    }


def _outcome(outcome: Trial) -> JsonObject:
    times = outcome.times
    return {
        "without_spare": outcome.count,
        "utilisation": outcome.utilisation,
        "failures": list(outcome.failures),
        **{
            f"{name}_seconds": times
            and {
                level: {"value": one.value, "ci": [one.low, one.high]}
                for level, one in times[kind].items()
            }
            for kind, name in (("waited", "wait"), ("first", "first_token"), ("total", "total"))
        },
    }


def _why(tier: PlannedTier) -> list[str]:
    """What one deployment less would miss."""
    name, smaller = tier.plan.demand.tier, tier.plan.smaller
    if smaller is None:
        return [f"{name}: 1 is the least there can be"]
    return [f"{name}: {smaller.count:,} miss: {'; '.join(smaller.failures)}"]


def _common(fleet: FleetPlan, balancing: str) -> list[str]:
    said = [
        "clients wait as long as it takes and do not repeat requests; nothing fails",
        f"requests of a tier go to its deployments {_BALANCED[balancing]}; gearshift itself does "
        "so with cache.prefix_affinity, and otherwise asks a tier's deployments in their order",
    ]
    for tier in fleet.tiers:
        if tier.plan.cells > 1:
            said.append(
                f"{tier.plan.demand.tier}: {tier.plan.cells:,} equal groups of deployments, each "
                "with its own share of the load; one large group would do no worse"
            )
    return said


_BALANCED: Final = {
    "least-busy": "by who is least busy",
    "random": "by chance, as with a Kubernetes Service",
}


def print_plan(facts: JsonObject) -> None:
    """The same in words."""
    for line in (*_load_lines(facts["load"]), *_target_lines(facts["targets"])):
        click.echo(line)
    for each in facts["plans"]:
        click.echo()
        _print_fleet(each)
    click.echo()
    chosen = facts["recommended"]
    counts = ", ".join(f"{count:,} {name}" for name, count in chosen["deployments"].items())
    at = "" if chosen["threshold"] is None else f" at threshold {chosen['threshold']:g}"
    several = f" ({chosen['by']})" if len(facts["plans"]) > 1 else ""
    click.echo(f"recommended   {counts}{at}{several}")
    for line in chosen["why"]:
        click.echo(f"why           {line}")
    click.echo(
        f"saturates     {chosen['saturates_first']} first, at "
        f"{chosen['saturates_at_growth']:.2f} x this load"
    )
    for line in facts["assumptions"]:
        click.echo(f"assumes       {line}")


def _load_lines(load: JsonObject) -> list[str]:
    if load["source"] == "stated":
        return [f"load          {load['rate']:,.4g} requests/s, stated"]
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(load["peak_start"]))
    grown = f", x {load['growth']:g}" if load["growth"] != 1 else ""
    lines = [
        f"load          {load['rate']:,.4g} requests/s: the busiest hour of the log, from {when} "
        f"UTC{grown}; {load['requests']:,} requests, {load['mean_rate']:,.3g}/s on average",
        f"by hour, UTC  {sparkline(load['by_hour_of_day'])}  dispersion {load['dispersion']:.2g}, "
        f"{100 * load['cache_hit_share']:.0f} % answered by the cache",
    ]
    for name, model in load["models"].items():
        fitted = "stated"
        if model["fitted_to"] is not None:
            off = 100 * model["median_error"]
            fitted = f"fitted to {model['fitted_to']:,} answers, median error {off:.0f} %"
        lines.append(
            f"{name:<13} {_speed(model['decode'])} written, {_speed(model['prefill'])} read alone; "
            f"{model['slots']} at once, slowdown {model['slowdown']:.2g} ({fitted})"
        )
    return lines


def _speed(tokens: float | None) -> str:
    return "any number of tokens/s" if tokens is None else f"{tokens:,.3g} tokens/s"


def _target_lines(targets: JsonObject) -> list[str]:
    by_words: dict[str, list[str]] = {}
    for name, target in targets.items():
        words = [
            f"p95 {what} at most {target[key]:g} s"
            for key, what in (("total", "total"), ("first", "first token"))
            if target[key] is not None
        ]
        words.append(f"utilisation at most {100 * target['utilisation']:.0f} %")
        by_words.setdefault("; ".join(words), []).append(name)
    if len(by_words) == 1:
        return [f"targets       {next(iter(by_words))}"]
    return [f"targets       {', '.join(names)}: {words}" for words, names in by_words.items()]


def _print_fleet(fleet: JsonObject) -> None:
    if fleet["threshold"] is not None:
        unsafe = "" if fleet.get("may_be_recommended", True) else ": not guaranteed by `tune`"
        click.echo(f"threshold {fleet['threshold']:g}{unsafe}")
    if "impossible" in fleet:
        click.echo(f"  {fleet['impossible']}")
        return
    rows = [_COLUMNS, *(_row(name, tier, fleet) for name, tier in fleet["tiers"].items())]
    if len(fleet["tiers"]) > 1:
        total = _cost(fleet)
        rows.append(("all", "", f"{fleet['deployments']:,}", *[""] * 6, total))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _row(name: str, tier: JsonObject, fleet: JsonObject) -> tuple[str, ...]:
    spare = f" ({tier['spare']:,} spare)" if tier["spare"] else ""
    total = tier["total_seconds"]
    return (
        name,
        f"{tier['rate']:,.3g}",
        f"{tier['deployments']:,}{spare}",
        f"{100 * tier['utilisation']:.0f} %",
        _time(tier["wait_seconds"]["p95"]),
        _time(tier["first_token_seconds"]["p95"]),
        *(_time(total[level]) for level in ("p50", "p95", "p99")),
        _cost({**tier, "currency": fleet["currency"]}),
    )


def _time(estimate: JsonObject) -> str:
    low, high = estimate["ci"]
    return f"{estimate['value']:.3g} [{low:.3g}, {high:.3g}] s"


def _cost(costs: JsonObject) -> str:
    if costs["cost_per_hour"] is not None:
        return f"{costs['cost_per_hour']:,.4g} {costs['currency']}"
    if costs["kilowatts"] is not None:
        return f"{costs['kilowatts']:,.3g} kW"
    if costs["flops_per_hour"] is not None:
        return f"{costs['flops_per_hour']:.2g} FLOP"
    return "-"
