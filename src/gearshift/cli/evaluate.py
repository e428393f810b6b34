"""`gearshift evaluate`: how well scorers rank recorded outcomes, beside honest baselines."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from gearshift import registry
from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.errors import GearshiftError
from gearshift.settings import Settings
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.types import JsonObject

if TYPE_CHECKING:  # numpy is imported only when there is something to evaluate
    from gearshift.evaluation.measures import Estimate
    from gearshift.evaluation.outcomes import Outcomes
    from gearshift.evaluation.scoring import Progress, Scored, ScoreText

REFERENCE: Final = "rule"
_SPLITS: Final = ("all", "train", "valid", "test")
_COLUMNS: Final = (
    *("scorer", "APGR", "95 %", "CPT50", "CPT80", "AUC"),
    *("sent", "recovered", "APGR above rule", "95 %"),
)


@click.command(name="evaluate")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--scorer",
    "names",
    multiple=True,
    metavar="NAME",
    help="Also this one: a scorer's name, or module:name of a scorer class or of a function "
    "from a text to a number. May be given several times.",
)
@click.option("--split", type=click.Choice(_SPLITS), default="all", show_default=True)
@click.option(
    "--not-pooled", multiple=True, metavar="PART", help="Leave files whose name has PART unpooled."
)
@click.option("--rounds", type=click.IntRange(20, 100_000), default=1_000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@config_option
@json_option
def command(
    files: tuple[str, ...],
    names: tuple[str, ...],
    split: str,
    not_pooled: tuple[str, ...],
    rounds: int,
    seed: int,
    config: str | None,
    as_json: bool,
) -> None:
    """Measure scorers on prompts that a small and a large model have both answered.

    Each line of FILE is an object with `prompt`, `weak_score` and `strong_score` (0 to 1), and
    may have a `split`; FILE may be gzipped. APGR is the area under the recovered share of the
    quality gap over the share of prompts sent to the large model: random is .5. CPT50 and CPT80
    are the percentages sent that recover 50 and 80 % of the gap: lower is better.
    """
    from gearshift.evaluation.outcomes import pooled, read_outcomes

    settings = load(config)
    scorers = _scorers((REFERENCE, *names), settings)
    sets = [read_outcomes(file).select(split) for file in files]
    for outcomes in sets:
        outcomes.check()
    together = [one for one in sets if not any(part in one.name for part in not_pooled)]
    if not together:
        raise click.UsageError("--not-pooled leaves no file to be pooled")
    found = [_measured(one, scorers, settings, rounds, seed) for one in (*sets, pooled(together))]
    for outcomes in sets:
        for remark in outcomes.remarks():
            click.echo(f"gearshift: {remark}", err=True)
    if as_json:
        print_json({"split": split, "files": found[:-1], "pooled": found[-1]})
    else:
        for facts in found:
            _print_table(facts)


def _scorers(names: Sequence[str], settings: Settings) -> dict[str, ScoreText]:
    return {name: _scorer(name, settings) for name in dict.fromkeys(names)}


def _scorer(name: str, settings: Settings) -> ScoreText:
    if name not in registry.SCORERS and ":" in name:
        try:
            target = registry.load(name)
        except (ImportError, AttributeError) as error:
            raise GearshiftError(f"--scorer {name}: cannot be loaded: {error}") from error
        if callable(target) and not isinstance(target, type):
            return _function(name, target)
    elif name not in registry.SCORERS:
        known = ", ".join(registry.SCORERS)
        raise click.UsageError(f"--scorer {name}: unknown; use one of {known}, or module:name")
    scorer = load_scorer(settings.tiered_routing.model_copy(update={"scorer": name}))
    return lambda text: scorer.score(text).score


def _function(name: str, function: Any) -> ScoreText:
    def score(text: str) -> float:
        value = function(text)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise GearshiftError(f"--scorer {name}: it returned {value!r}, not a finite number")
        return float(value)

    return score


def _measured(
    outcomes: Outcomes,
    scorers: Mapping[str, ScoreText],
    settings: Settings,
    rounds: int,
    seed: int,
) -> JsonObject:
    from gearshift.evaluation.measures import at_threshold, estimates
    from gearshift.evaluation.scoring import baselines, scored

    threshold = _threshold(settings)
    all_scored: dict[str, Scored] = {
        name: scored(score, threshold, outcomes.prompts, _progress(f"{outcomes.name}: {name}"))
        for name, score in scorers.items()
    } | baselines(outcomes, seed)
    found = estimates(
        {name: one.values for name, one in all_scored.items()},
        outcomes,
        reference=REFERENCE,
        rounds=rounds,
        seed=seed,
    )
    facts = {}
    for name, one in all_scored.items():
        facts[name] = _facts(found[name])
        where = one.threshold
        sent = (None, None) if where is None else at_threshold(one.values, where, outcomes)
        facts[name] |= {"share_large": sent[0], "gap_recovered": sent[1]}
    return {"file": outcomes.name, "n": len(outcomes.prompts), "scorers": facts}


def _threshold(settings: Settings) -> float:
    """The score from which the highest tier answers."""
    tiers = settings.tiered_routing.ordered_tiers
    below = tiers[-2].below if len(tiers) > 1 else None
    return 0.0 if below is None else below


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


def _progress(label: str) -> Progress:
    def shown(prompts: Sequence[str]) -> Iterator[str]:
        with click.progressbar(prompts, label=label, file=sys.stderr) as bar:
            yield from bar

    return shown if sys.stderr.isatty() else iter


def _print_table(facts: JsonObject) -> None:
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
        _interval(one["apgr_ci"]),
        f"{one['cpt50']:.1f}",
        f"{one['cpt80']:.1f}",
        "-" if math.isnan(one["auc"]) else f"{one['auc']:.3f}",
        _percent(one["share_large"]),
        _percent(one["gap_recovered"]),
        "" if one["apgr_above_rule_ci"] is None else f"{one['apgr_above_rule']:+.3f}",
        "" if one["apgr_above_rule_ci"] is None else _interval(one["apgr_above_rule_ci"], "+"),
    )


def _interval(ends: Sequence[float], sign: str = "") -> str:
    return f"[{ends[0]:{sign}.3f}, {ends[1]:{sign}.3f}]"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
