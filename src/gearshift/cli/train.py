"""`gearshift train`: fits the learned scorer to judged answers."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gearshift.cli.comparison import (
    REFERENCE,
    compared,
    highest_bound,
    interval,
    print_table,
    progress,
)
from gearshift.cli.offline import ROWS, Offline, offline_options
from gearshift.cli.offline import progress as progress_of_parts
from gearshift.cli.options import config_option, json_option, load, print_json, rounds_option
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.extras import extra
from gearshift.tiered_routing.tier_config import MODEL_SUFFIX
from gearshift.types import JsonObject

if TYPE_CHECKING:  # numpy and scikit-learn are imported only when there is something to learn
    from gearshift.decision_log.judged import JudgedRequest
    from gearshift.evaluation.outcomes import Floats, Outcomes
    from gearshift.learning.features import Prompts

LEARNED: Final = "learned, cross-validated"
_SPLITS: Final = ("not-test", "train", "valid", "all")


@click.command(name="train")
@click.argument("files", nargs=-1, metavar="[FILE…]")
@click.option("--out", required=True, metavar="MODEL", help=f"File to write, *{MODEL_SUFFIX}.")
@click.option(
    "--split",
    type=click.Choice(_SPLITS),
    default="not-test",
    show_default=True,
    help="Rows to learn from, by their `split`.",
)
@click.option(
    "--force", is_flag=True, help="Write the model even if it is not better than the rule."
)
@rounds_option
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of the fit, the folds and the bootstrap.",
)
@offline_options
@config_option
@json_option
def command(
    files: tuple[str, ...],
    out: str,
    split: str,
    force: bool,
    rounds: int,
    seed: int,
    offline: Offline | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Fit the learned scorer to judged answers, and write it to MODEL.

    Each line of FILE is an object with `prompt`, `weak_score` and `strong_score` (0 to 1), as
    `gearshift evaluate` reads it. Without FILE, the judged requests of the decision log are used
    whose prompts were stored (decision_log.store_prompts); with --from, those of an exported log.
    Cross-validation in five folds, grouped
    by prompt, measures the model on prompts that it has not seen. If it is not better than the
    rule, nothing is written and the exit status is 1. To use the model, set
    `tiered_routing.scorer: MODEL` in the configuration.
    """
    if files and offline is not None:
        raise click.UsageError("give FILEs or --from PATH, not both")
    file = _target(out)
    settings = load(config)
    threshold = highest_bound(settings)
    sets, until = [_rows(name, split) for name in files], 0.0
    if not files:
        judged = _logged(settings) if offline is None else _exported(offline)
        logged, until = _with_prompts(judged)
        sets = [logged]
    outcomes = _together(sets)
    for remark in (
        *(text for rows in sets for text in rows.warnings),
        *outcomes.remarks(),
    ):
        click.echo(f"gearshift: {remark}", err=True)
    prompts = _read(outcomes)
    facts = _compared(prompts, outcomes, threshold, rounds, seed)
    above = facts["scorers"][LEARNED]["apgr_above_rule_ci"]
    is_better = above[0] > 0
    summary = {**_summary(sets, facts, split, seed), "learned_until": until}
    if is_better or force:
        summary["shares"] = _write(file, prompts, outcomes, threshold, seed, summary)
    report = {**facts, "model": str(file) if is_better or force else None, **summary}
    print_json(report) if as_json else _print(report)
    if not (is_better or force):
        raise GearshiftError(
            f"{out}: not written: on held-out prompts the model is not better than the rule "
            f"(difference in APGR {interval(above, '+')}); "
            "more judged answers help, or --force writes it anyway"
        )


def _target(out: str) -> Path:
    """Where the model goes; found wrong before the work, not behind it."""
    file = Path(out).expanduser()
    if not out.endswith(MODEL_SUFFIX):
        raise click.UsageError(f"--out {out}: a model's name must end with {MODEL_SUFFIX}")
    if not file.parent.is_dir():
        raise click.UsageError(f"--out {out}: the folder {file.parent} does not exist")
    if file.is_dir():
        raise click.UsageError(f"--out {out}: is a folder")
    return file


def _rows(file: str, split: str) -> Outcomes:
    from gearshift.evaluation.outcomes import read_outcomes

    outcomes = read_outcomes(file)
    return outcomes.without("test") if split == "not-test" else outcomes.select(split)


def _logged(settings: Settings) -> list[JudgedRequest]:
    """The judged requests of the decision log."""
    from gearshift.cli.stats import open_log
    from gearshift.decision_log.judged import judged_requests

    engine = open_log(settings)
    try:
        return judged_requests(engine)
    finally:
        engine.dispose()


def _exported(offline: Offline) -> list[JudgedRequest]:
    """The same of exported files; only what can be learned from is in memory."""
    limits, engine = offline.limits, offline.engine()
    from gearshift.offline.engine import results
    from gearshift.offline.files import DECISIONS, JUDGEMENTS, nothing_in, parts_of, table_files
    from gearshift.offline.judged import FindJudged, together

    files, judgements = (table_files(offline.source, name) for name in (DECISIONS, JUDGEMENTS))
    for found, name in ((files, DECISIONS), (judgements, JUDGEMENTS)):
        if not found:
            raise nothing_in(offline.source, name)
    parts = parts_of(files, ROWS, limits)
    with progress_of_parts("looking for judged requests", parts) as advance:
        work = FindJudged(tuple(judgements), limits)
        judged = together(results(engine, work, parts, advance))
    if not judged:
        raise GearshiftError(f"{offline.source}: no request has both of its answers judged")
    return judged


def _with_prompts(judged: list[JudgedRequest]) -> tuple[Outcomes, float]:
    """Those that something can be learned from, and the time of the newest."""
    import numpy as np

    from gearshift.evaluation.outcomes import Outcomes

    kept = [request for request in judged if request.prompt]
    if not kept:
        raise GearshiftError(
            f"none of the {len(judged)} judged requests of the decision log has its prompt; "
            "set decision_log.store_prompts, or give FILEs"
        )
    outcomes = Outcomes(
        "decision log",
        tuple(request.prompt or "" for request in kept),
        np.array([request.weak_score for request in kept]),
        np.array([request.strong_score for request in kept]),
        ("",) * len(kept),
    )
    return outcomes, max(request.time for request in kept)


def _together(sets: list[Outcomes]) -> Outcomes:
    """All rows to learn from.

    Raises:
        GearshiftError: Nothing can be learned from them.
    """
    from gearshift.evaluation.outcomes import pooled
    from gearshift.learning import FEWEST

    outcomes = (
        pooled([file for file in sets if file.prompts])
        if any(file.prompts for file in sets)
        else sets[0]
    )
    if len(outcomes.prompts) < FEWEST:
        raise GearshiftError(
            f"{len(outcomes.prompts)} rows to learn from, {FEWEST} are needed; judge more "
            "answers (rows of the test split are never learned from unless --split says so)"
        )
    if float(outcomes.gap.std()) < 1e-9:
        raise GearshiftError(
            f"the large model gains the same ({float(outcomes.gap[0]):+.2f}) on every prompt, so "
            "there is nothing to learn; rows on which the models differ are needed"
        )
    outcomes.check()
    return outcomes


def _read(outcomes: Outcomes) -> Prompts:
    with extra("quality", "training"):
        import sklearn  # noqa: F401 - asked for here, before prompts are read for minutes

    from gearshift.learning.features import read_prompts

    return read_prompts(outcomes.prompts, progress("reading"))


def _compared(
    prompts: Prompts, outcomes: Outcomes, threshold: float, rounds: int, seed: int
) -> JsonObject:
    from gearshift.evaluation.scoring import Scored, baselines
    from gearshift.learning.cross_validation import folds_of, held_out_scores

    learned = held_out_scores(
        prompts,
        outcomes.gap,
        folds_of(outcomes.prompts, seed=seed),
        threshold=threshold,
        seed=seed,
        progress=progress("cross-validating"),
    )
    scores = {
        REFERENCE: Scored(prompts.rule_scores, threshold),
        LEARNED: Scored(learned, threshold),
    }
    scores |= baselines(outcomes, seed)
    return compared(outcomes, scores, rounds=rounds, seed=seed)


def _summary(sets: list[Outcomes], facts: JsonObject, split: str, seed: int) -> JsonObject:
    learned, rule = facts["scorers"][LEARNED], facts["scorers"][REFERENCE]
    return {
        "labels": facts["n"],
        "files": {file.name: len(file.prompts) for file in sets},
        "split": split,
        "seed": seed,
        "cross_validated": {
            "apgr": learned["apgr"],
            "apgr_ci": learned["apgr_ci"],
            "rule_apgr": rule["apgr"],
            "apgr_above_rule_ci": learned["apgr_above_rule_ci"],
        },
        "made_with": {name: version(name) for name in ("gearshift", "numpy", "scikit-learn")},
    }


def _write(
    file: Path,
    prompts: Prompts,
    outcomes: Outcomes,
    threshold: float,
    seed: int,
    summary: JsonObject,
) -> JsonObject:
    """Fit on all rows and write; the share that each threshold sends to the large model."""
    from dataclasses import replace

    from gearshift.learning.fit import fit, scores_of
    from gearshift.tiered_routing.learned_file import write_model

    model = fit(prompts, outcomes.gap, threshold=threshold, seed=seed)
    shares = _shares(scores_of(model, prompts))
    write_model(replace(model, facts={**summary, "shares": shares}), file)
    return shares


def _shares(scores: Floats) -> JsonObject:
    return {str(at): float((scores >= at).mean()) for at in range(1, 10)}


def _print(summary: JsonObject) -> None:
    print_table(summary)
    if summary["model"]:
        sent = "  ".join(f"{at}: {100 * share:.0f} %" for at, share in summary["shares"].items())
        click.echo(f"\nsent to the large model, of these prompts, by threshold\n{sent}")
        click.echo(f"\nwritten: {summary['model']}\nuse it with `scorer: {summary['model']}`")
