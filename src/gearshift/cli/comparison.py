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

    measured = estimates(
        {name: scorer.values for name, scorer in scores.items()},
        outcomes,
        reference=REFERENCE,
        rounds=rounds,
        seed=seed,
    )
    facts = {}
    for name, scorer in scores.items():
        facts[name] = _facts(measured[name])
        where = scorer.threshold
        sent = (None, None) if where is None else at_threshold(scorer.values, where, outcomes)
        facts[name] |= {"share_large": sent[0], "gap_recovered": sent[1]}
        names = ("routellm_apgr", "routellm_cpt50", "routellm_cpt80")
        facts[name] |= dict(zip(names, as_routellm(scorer.values, outcomes), strict=True))
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
    rows = [_COLUMNS, *(_cells(name, measures) for name, measures in facts["scorers"].items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _cells(name: str, measures: JsonObject) -> tuple[str, ...]:
    return (
        name,
        f"{measures['apgr']:.3f}",
        interval(measures["apgr_ci"]),
        f"{measures['cpt50']:.1f}",
        f"{measures['cpt80']:.1f}",
        "-" if math.isnan(measures["auc"]) else f"{measures['auc']:.3f}",
        _percent(measures["share_large"]),
        _percent(measures["gap_recovered"]),
        "" if measures["apgr_above_rule_ci"] is None else f"{measures['apgr_above_rule']:+.3f}",
        ""
        if measures["apgr_above_rule_ci"] is None
        else interval(measures["apgr_above_rule_ci"], "+"),
    )


def interval(ends: Sequence[float], sign: str = "") -> str:
    """Both ends with three digits."""
    return f"[{ends[0]:{sign}.3f}, {ends[1]:{sign}.3f}]"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
