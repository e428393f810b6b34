"""`gearshift evaluate`: how well scorers rank recorded outcomes, beside honest baselines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gearshift import registry
from gearshift.cli.comparison import (
    REFERENCE,
    compared,
    highest_bound,
    print_table,
    progress,
)
from gearshift.cli.options import config_option, json_option, load, print_json, rounds_option
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.extras import require
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import MODEL_SUFFIX, is_model_file
from gearshift.types import JsonObject

if TYPE_CHECKING:  # numpy is imported only when there is something to evaluate
    from gearshift.evaluation.outcomes import Outcomes
    from gearshift.evaluation.scoring import ScoreText

_LEARNED: Final = "learned"
_SPLITS: Final = ("all", "train", "valid", "test")


@click.command(name="evaluate")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--scorer",
    "names",
    multiple=True,
    metavar="NAME",
    help="Scorer to compare with the rule, instead of the learned one: a name, a trained model's "
    "file, or module:name of a scorer class or of a function from a string to a number. May be "
    "repeated.",
)
@click.option(
    "--split",
    type=click.Choice(_SPLITS),
    default="all",
    show_default=True,
    help="Rows to evaluate, by their `split`.",
)
@click.option(
    "--not-pooled",
    multiple=True,
    metavar="PART",
    help="Leave files whose name contains PART out of the pooled table. May be repeated.",
)
@click.option(
    "--curves", metavar="FOLDER", help="Draw quality over cost, as PNG and HTML files in FOLDER."
)
@rounds_option
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the bootstrap.")
@config_option
@json_option
def command(
    files: tuple[str, ...],
    names: tuple[str, ...],
    split: str,
    not_pooled: tuple[str, ...],
    curves: str | None,
    rounds: int,
    seed: int,
    config: str | None,
    as_json: bool,
) -> None:
    """Measure scorers on prompts that a small and a large model have both answered.

    Each line of FILE is an object with `prompt`, `weak_score` and `strong_score` (the small and
    the large model's, 0 to 1), and may have a `split`. FILE may be gzipped. APGR is the area under
    the curve of the recovered share of the quality gap over the share of prompts sent to the large
    model; random is 0.5, higher is better. CPT50 and CPT80 are the percentages of prompts that must
    be sent to recover 50 and 80 % of the gap; lower is better.
    """
    from gearshift.evaluation.outcomes import pooled, read_outcomes

    if curves is not None:  # before minutes are spent on measuring
        require("quality", "--curves", "vl_convert")
    settings = load(config)
    scorers = _scorers((REFERENCE, *(names or (_LEARNED,))), settings)
    sets = [read_outcomes(file).select(split) for file in files]
    for outcomes in sets:
        outcomes.check()
    together = [
        recorded for recorded in sets if not any(part in recorded.name for part in not_pooled)
    ]
    if not together:
        raise click.UsageError("--not-pooled excludes every file; leave at least one")
    threshold = highest_bound(settings)
    measured = [
        _measured(recorded, scorers, threshold, rounds, seed, curves)
        for recorded in (*sets, pooled(together))
    ]
    for outcomes in sets:
        for remark in outcomes.remarks():
            click.echo(f"gearshift: {remark}", err=True)
    if as_json:
        print_json({"split": split, "files": measured[:-1], "pooled": measured[-1]})
    else:
        for facts in measured:
            print_table(facts)


def _scorers(names: Sequence[str], settings: Settings) -> dict[str, ScoreText]:
    return {name: _scorer(name, settings) for name in dict.fromkeys(names)}


def _scorer(name: str, settings: Settings) -> ScoreText:
    if name in registry.PEERS:
        score_text: ScoreText = registry.load(registry.PEERS[name])()
        return score_text
    if ":" in name and not is_model_file(name):
        try:
            target = registry.load(name)
        except (ImportError, AttributeError) as error:
            raise GearshiftError(f"--scorer {name}: cannot be loaded: {error}") from error
        if callable(target) and not isinstance(target, type):
            return _function(name, target)
    elif not is_model_file(name) and not registry.has("scorers", name):
        names = ", ".join((*registry.named("scorers"), *registry.PEERS))
        raise click.UsageError(
            f"--scorer {name}: unknown; use one of {names}, "
            f"a trained model's file ({MODEL_SUFFIX}) or module:name"
        )
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
    threshold: float,
    rounds: int,
    seed: int,
    curves: str | None,
) -> JsonObject:
    from gearshift.evaluation.curves import write_curves
    from gearshift.evaluation.scoring import baselines, scored

    scores = {
        name: scored(score, threshold, outcomes.prompts, progress(f"{outcomes.name}: {name}"))
        for name, score in scorers.items()
    }
    scores |= baselines(outcomes, seed)
    if curves is not None:
        write_curves(outcomes, scores, Path(curves), seed=seed)
    return compared(outcomes, scores, rounds=rounds, seed=seed)
