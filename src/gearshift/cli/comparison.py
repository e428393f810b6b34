"""Tables of scorers beside each other: what `evaluate` and `train` print."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import click

from gearshift.config.loading import Settings
from gearshift.types import JsonObject

if TYPE_CHECKING:  # numpy is imported only when there is something to compare
    from gearshift.evaluation.measures import Estimate
    from gearshift.evaluation.outcomes import Outcomes
    from gearshift.evaluation.scoring import Scored

T = TypeVar("T")

REFERENCE: Final = "rule"
_COLUMNS: Final = (
    *("scorer", "APGR", "95 %", "CPT50", "CPT80", "AUC"),
    *("sent", "recovered", "APGR above rule", "95 %"),
)


def highest_bound(settings: Settings) -> float:
    """The score from which the highest tier answers."""
    tiers = settings.tiered_routing.ordered_tiers
    below = tiers[-2].below if len(tiers) > 1 else None
    return 0.0 if below is None else below


def compared(
    outcomes: Outcomes, scores: Mapping[str, Scored], *, rounds: int, seed: int
) -> JsonObject:
    """The measures of every scorer; `rule` must be among them."""
    from gearshift.evaluation.measures import as_routellm, at_threshold, estimates

    found = estimates(
        {name: one.values for name, one in scores.items()},
        outcomes,
        reference=REFERENCE,
        rounds=rounds,
        seed=seed,
    )
    facts = {}
    for name, one in scores.items():
        facts[name] = _facts(found[name])
        where = one.threshold
        sent = (None, None) if where is None else at_threshold(one.values, where, outcomes)
        facts[name] |= {"share_large": sent[0], "gap_recovered": sent[1]}
        names = ("routellm_apgr", "routellm_cpt50", "routellm_cpt80")
        facts[name] |= dict(zip(names, as_routellm(one.values, outcomes), strict=True))
    return {"file": outcomes.name, "n": len(outcomes.prompts), "scorers": facts}


def _facts(estimate: Estimate) -> JsonObject:
    measures, difference = estimate.measures, estimate.difference_ci
    return {
        "apgr": measures.apgr,
        "apgr_ci": list(estimate.apgr_ci),
        "cpt50": measures.cpt50,
        "cpt80": measures.cpt80,
        "auc": measures.auc,
        "apgr_above_rule": estimate.difference,
        "apgr_above_rule_ci": None if difference is None else list(difference),
    }


def progress(label: str) -> Callable[[Sequence[T]], Iterator[T]]:
    """A progress bar around a loop on a terminal, nothing in a pipe."""

    def shown(items: Sequence[T]) -> Iterator[T]:
        with click.progressbar(items, label=label, file=sys.stderr) as bar:
            yield from bar

    return shown if sys.stderr.isatty() else iter


def print_table(facts: JsonObject) -> None:
    """A line for each scorer."""
    click.echo(f"\n{facts['file']}: {facts['n']:,} prompts")
    rows = [_COLUMNS, *(_cells(name, one) for name, one in facts["scorers"].items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _cells(name: str, one: JsonObject) -> tuple[str, ...]:
    return (
        name,
        f"{one['apgr']:.3f}",
        interval(one["apgr_ci"]),
        f"{one['cpt50']:.1f}",
        f"{one['cpt80']:.1f}",
        "-" if math.isnan(one["auc"]) else f"{one['auc']:.3f}",
        _percent(one["share_large"]),
        _percent(one["gap_recovered"]),
        "" if one["apgr_above_rule_ci"] is None else f"{one['apgr_above_rule']:+.3f}",
        "" if one["apgr_above_rule_ci"] is None else interval(one["apgr_above_rule_ci"], "+"),
    )


def interval(ends: Sequence[float], sign: str = "") -> str:
    """Both ends with three digits."""
    return f"[{ends[0]:{sign}.3f}, {ends[1]:{sign}.3f}]"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
