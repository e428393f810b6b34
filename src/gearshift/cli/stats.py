"""`gearshift stats`: traffic by tier, compute, latency, from the decision log."""

from __future__ import annotations

import math
import re
import time
from typing import TYPE_CHECKING, Final

import click

from gearshift.catalog.prices import prices_of
from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.types import JsonObject

if TYPE_CHECKING:  # SQLAlchemy is imported only when the log is read
    from sqlalchemy.engine import Engine

    from gearshift.decision_log.summary import Summary

_BARS: Final = "▁▂▃▄▅▆▇█"
BASELINE: Final = "always-complex"
_UNITS: Final = {"h": 1, "d": 24, "w": 168}
_SPAN: Final = re.compile(r"(\d+)([hdw])")
_WIDEST: Final = 72


@click.command(name="stats")
@click.option(
    "--since",
    default="24h",
    show_default=True,
    metavar="SPAN",
    help="How far back, such as 6h, 7d or 4w.",
)
@config_option
@json_option
def command(since: str, config: str | None, as_json: bool) -> None:
    """Show traffic, compute and latency of the last SPAN, from the decision log.

    The figures come from hourly totals, so whole hours are counted. Compute is 2 x parameters x
    tokens, without cached ones. Savings are relative to always-complex: the same tokens on the
    highest tier's first model. Latencies are at most 6 % off.
    """
    hours = hours_of(since)
    settings = load(config)
    engine = open_log(settings)
    try:
        from gearshift.decision_log.lease import holder_of
        from gearshift.decision_log.summary import summarise

        owner = holder_of(engine)
        summary = summarise(engine, int(time.time() // 3_600) - hours + 1)
    finally:
        engine.dispose()
    lowest = settings.tiered_routing.ordered_tiers[0].name
    facts = {"since": since, **summary.to_json(lowest, prices_of(settings))}
    facts["owner"] = owner.name if owner else None
    print_json(facts) if as_json else _print(facts, summary)


def open_log(settings: Settings) -> Engine:
    """The database of the effective configuration.

    Raises:
        GearshiftError: The log is off, or cannot be opened.
    """
    from gearshift.decision_log.database import default_url, open_database

    if not settings.decision_log.enabled:
        raise GearshiftError("the decision log is off: set decision_log.enabled to true")
    return open_database(settings.decision_log.url or default_url())


def hours_of(since: str) -> int:
    """The hours of a span such as `24h`.

    Raises:
        click.UsageError: It is no span.
    """
    span = _SPAN.fullmatch(since)
    if not span or not int(span[1]):
        raise click.UsageError(f"--since {since}: use a number and h, d or w, such as 24h")
    return int(span[1]) * _UNITS[span[2]]


def _print(facts: JsonObject, summary: Summary) -> None:
    kind = "requests"
    if facts["embeddings"]["requests"]:
        _print_embeddings(facts["embeddings"], facts["money"])
        kind = "chats"
    if not facts["requests"]:
        click.echo(f"no {kind} in the last {facts['since']}; send some through the gateway")
        return
    click.echo(f"requests, last {facts['since']}   {sparkline(summary.by_hour('requests'))}")
    rows = [("tier", "requests", "share", "score", "first token p50/p95/p99", "total p50/p95/p99")]
    for tier, count in facts["by_tier"].items():
        score = facts["average_score"][tier]
        rows.append(
            (
                tier,
                f"{count:,}",
                f"{100 * count / facts['requests']:.0f} %",
                "-" if score is None else f"{score:.1f}",
                _times(facts["first_token_seconds"][tier]),
                _times(facts["latency_seconds"][tier]),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())
    click.echo(f"failures {facts['failures']:,}, fallbacks {facts['fallbacks']:,}")
    _print_compute(facts["compute"])
    if facts["cache"]["hit_share"] is not None:
        _print_cache(facts["cache"])
    if facts["money"]:
        _print_money(facts["money"], facts["compute"]["baseline"])
    _print_judged(facts["quality"]["judgements"])
    if facts["owner"]:
        click.echo(f"log:     looked after (retention, alarms, tuning) by {facts['owner']}")


def _print_judged(judgements: JsonObject) -> None:
    if judgements:
        verdicts = ", ".join(f"{name} {count:,}" for name, count in judgements.items())
        click.echo(f"judged: {verdicts}")


def _print_compute(compute: JsonObject) -> None:
    if not compute["baseline_flops"]:
        click.echo("compute: unknown: no answer has both its tokens and its model's size")
        return
    click.echo(
        f"compute: {_flops(compute['used_flops'])} used; {_against(compute['saved_share'])} "
        f"{compute['baseline']} on the same tokens ({_flops(compute['baseline_flops'])})"
    )
    if compute["unknown_requests"]:
        unknown = compute["unknown_requests"]
        click.echo(f"         {unknown:,} requests are not included: tokens or sizes unknown")


def _print_cache(cache: JsonObject) -> None:
    tokens = cache["saved_prompt_tokens"] + cache["saved_completion_tokens"]
    click.echo(
        f"cache:   {cache['hits']:,} hits, {100 * cache['share_of_requests']:.0f} % of the "
        f"requests and {100 * cache['hit_share']:.0f} % of those it may answer; "
        f"saved {tokens:,} tokens, {_flops(cache['saved_flops'])}"
    )


def _print_embeddings(embeddings: JsonObject, money: JsonObject | None) -> None:
    spent = f", {_amount(embeddings['money'])} {money['currency']} spent" if money else ""
    click.echo(
        f"embeddings: {embeddings['requests']:,} requests, {embeddings['failures']:,} failures, "
        f"{embeddings['tokens']:,} tokens, {_flops(embeddings['used_flops'])}{spent}; "
        f"p50/p95/p99 {_times(embeddings['latency_seconds'])}"
    )


def _print_money(money: JsonObject, baseline: str) -> None:
    spent = f"{_amount(money['used'])} {money['currency']} spent"
    if money["baseline_spent"]:
        against = f"{baseline} on the same tokens ({_amount(money['baseline_spent'])})"
        spent += f"; {_against(money['saved_share'])} {against}"
    click.echo(f"money:   {spent}")
    if money["without_price"]:
        click.echo(f"         counted as free: {', '.join(money['without_price'])}")


def _amount(amount: float) -> str:
    return f"{amount:,.2f}" if abs(amount) >= 1 else f"{amount:.4g}"


def _against(share: float) -> str:
    """A share saved or, below 0, spent beyond; the baseline's name follows."""
    if share < 0:
        return f"{-100 * share:.0f} % more than"
    return f"{100 * share:.0f} % saved against"


def _times(seconds: JsonObject | None) -> str:
    if seconds is None:
        return "-"
    return " / ".join(_seconds(seconds[level]) for level in ("p50", "p95", "p99"))


def _seconds(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _flops(flops: float) -> str:
    power = min(18, max(0, 3 * int(math.log10(max(flops, 1.0)) // 3)))
    prefix = {0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}[power]
    return f"{flops / 10**power:.3g} {prefix}FLOP"


def sparkline(values: list[float]) -> str:
    """Bars from the lowest to the highest, the last ones if there are too many."""
    shown = values[-_WIDEST:]
    most = max(shown, default=0.0)
    if most <= 0:
        return ""
    return "".join(_BARS[round(value / most * (len(_BARS) - 1))] for value in shown)
