"""`gearshift tune`: the cheapest threshold whose quality can be promised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gearshift.cli.comparison import progress
from gearshift.cli.options import config_file, config_option, json_option, load, print_json
from gearshift.config.loading import Settings, check_is_from_file
from gearshift.config_file.editing import replace_threshold, restore_threshold
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.types import JsonObject

if TYPE_CHECKING:  # numpy and scipy are imported only when there is something to tune
    from gearshift.guarantees.p_values import Floats
    from gearshift.guarantees.threshold import Chosen, JudgedScores, NoSafeThreshold

_BASELINE: Final = "always-complex on the same prompts, by characters and parameters"
_RISKS: Final = ("small", "answers", "gap")
_SPLITS: Final = ("all", "train", "valid", "test")
_SHARE: Final = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command(name="tune")
@click.argument("files", nargs=-1, metavar="[FILE…]")
@click.option("--alpha", type=_SHARE, default=0.05, show_default=True, help="Accepted risk.")
@click.option(
    "--delta", type=_SHARE, default=0.05, show_default=True, help="Chance of a wrong guarantee."
)
@click.option(
    "--risk",
    type=click.Choice(_RISKS),
    default="small",
    show_default=True,
    help="What must not exceed alpha: the share of losses among the small model's answers; the "
    "share of its losses among all answers; or how much lower its answers score on average.",
)
@click.option("--scorer", metavar="NAME", help="Scorer to use instead of the configured one.")
@click.option(
    "--split",
    type=click.Choice(_SPLITS),
    default="all",
    show_default=True,
    help="Rows to use, by their `split`.",
)
@click.option(
    "--apply", "is_applied", is_flag=True, help="Write the threshold into the configuration file."
)
@click.option("--undo", is_flag=True, help="Restore the threshold from before --apply.")
@config_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    files: tuple[str, ...],
    alpha: float,
    delta: float,
    risk: str,
    scorer: str | None,
    split: str,
    is_applied: bool,
    undo: bool,
    config: str | None,
    as_json: bool,
) -> None:
    """Find the highest threshold whose risk is at most ALPHA with confidence 1 - DELTA.

    FILE contains judged answers, as `gearshift evaluate` reads them. Without it, the judged
    requests of the decision log are used. A loss is an answer of the small model that scores lower
    than the large model's. The judged answers must be a fair sample of the traffic that the
    threshold is for, and the scorer must not have been trained on them. The guarantee (Learn then
    Test) holds for any number of answers. If it cannot be given, the exit status is 1 and the
    output says how many are needed.
    """
    settings = load(config, tiered_routing__scorer=scorer)
    if undo:
        click.echo(restore_threshold(_file(config)))
        return
    target = _editable(config) if is_applied else None
    judged, characters = _judged(files, settings, risk, split) if files else _logged(settings, risk)
    choice = _choose(judged, alpha, delta, risk)
    facts = _facts(choice, judged, characters, settings, alpha, delta, risk)
    if "refused" in facts:
        print_json(facts) if as_json else click.echo(_refusal(facts), err=True)
        context.exit(1)
    facts["applied"] = target is not None
    written = replace_threshold(target, facts["threshold"]) if target else None
    print_json(facts) if as_json else _print(facts, written)


def _editable(config: str | None) -> Path:
    """The configuration file, before any work is done for it, if what it says counts."""
    file = _file(config)
    check_is_from_file(file, "tiered_routing.complexity_threshold")
    return file


def _file(config: str | None) -> Path:
    file = config_file(config)
    if file is None:
        raise GearshiftError(
            "there is no configuration file to write the threshold into; create one, or name it "
            "with --config"
        )
    return file


def _judged(
    files: tuple[str, ...], settings: Settings, risk: str, split: str
) -> tuple[JudgedScores, list[int]]:
    """The judged answers, scored, and the length of each prompt."""
    import numpy as np

    from gearshift.evaluation.outcomes import pooled, read_outcomes
    from gearshift.guarantees.threshold import JudgedScores

    sets = [read_outcomes(file).select(split) for file in files]
    outcomes = pooled(sets)
    if not outcomes.prompts:
        raise GearshiftError("no judged answers in these files; see --split")
    for remark in (text for one in sets for text in one.warnings):
        click.echo(f"gearshift: {remark}", err=True)
    scorer = load_scorer(settings.tiered_routing)
    scores = [scorer.score(prompt).score for prompt in progress("scoring")(outcomes.prompts)]
    losses = _losses(outcomes.gap, risk)
    return JudgedScores(np.array(scores), losses), [len(prompt) for prompt in outcomes.prompts]


def _logged(settings: Settings, risk: str) -> tuple[JudgedScores, list[int]]:
    """The judged requests of the decision log that this scorer has scored, or can score again."""
    from gearshift.cli.stats import open_log
    from gearshift.guarantees.threshold import JudgedScores
    from gearshift.quality.logged import logged_answers

    engine = open_log(settings)
    try:
        logged = logged_answers(engine, load_scorer(settings.tiered_routing))
    finally:
        engine.dispose()
    if logged.left_out:
        click.echo(
            f"gearshift: {logged.left_out} judged requests are left out: another scorer scored "
            "them, and their prompts were not stored",
            err=True,
        )
    if logged.learned_from:
        click.echo(
            f"gearshift: {logged.learned_from} judged requests are left out: the scorer was "
            "trained on them",
            err=True,
        )
    return JudgedScores(logged.scores, _losses(logged.gap, risk), logged.weights), logged.characters


def _losses(gap: Floats, risk: str) -> Floats:
    """0-1 each, from how much higher the large model's answers score."""
    import numpy as np

    lost = np.clip(gap, 0.0, 1.0)
    return lost if risk == "gap" else (lost > 0).astype(np.float64)


def _choose(
    judged: JudgedScores, alpha: float, delta: float, risk: str
) -> Chosen | NoSafeThreshold:
    from gearshift.guarantees.threshold import Risk, choose

    return choose(judged, alpha=alpha, delta=delta, risk=Risk(risk))


def _facts(
    choice: Chosen | NoSafeThreshold,
    judged: JudgedScores,
    characters: list[int],
    settings: Settings,
    alpha: float,
    delta: float,
    risk: str,
) -> JsonObject:
    from gearshift.guarantees.threshold import NoSafeThreshold, share_below

    if isinstance(choice, NoSafeThreshold):
        return {"refused": choice.reason, "n": choice.n, "needed": choice.needed}
    now = settings.tiered_routing.ordered_tiers[-2].below or 0.0
    return {
        "threshold": choice.threshold,
        "alpha": alpha,
        "confidence": 1.0 - delta,
        "risk": risk,
        "bound": choice.bound,
        "n": choice.n,
        "share_simple": choice.share,
        "compute_saved": _saved(judged, characters, settings, choice.threshold),
        "compute_baseline": _BASELINE,
        "threshold_now": now,
        "share_simple_now": share_below(judged, now),
    }


def _saved(
    judged: JudgedScores, characters: list[int], settings: Settings, threshold: float
) -> float | None:
    """Share of the compute that is not spent; `None` where a model's size is not known."""
    from gearshift.constants.model_sizes import parameters_of

    tiers = settings.tiered_routing.ordered_tiers
    small, large = (parameters_of(settings.first_model(tiers[at].name)) for at in (0, -1))
    if small is None or large is None:
        return None
    short = [
        size for size, score in zip(characters, judged.scores, strict=True) if score < threshold
    ]
    return (1.0 - small / large) * sum(short) / max(1, sum(characters))


def _refusal(facts: JsonObject) -> str:
    needed = facts["needed"]
    more = "" if needed is None else f"; about {needed:,} judged answers like these are needed"
    return f"gearshift: refused: {facts['refused']}{more}"


def _print(facts: JsonObject, written: str | None) -> None:
    what = {
        "small": "of the small model's answers are worse",
        "answers": "of all answers are worse",
        "gap": "is lost on average by the small model's answers",
    }[facts["risk"]]
    click.echo(f"threshold     {facts['threshold']:g} (now {facts['threshold_now']:g})")
    click.echo(
        f"guarantee     at most {100 * facts['bound']:.1f} % {what}, "
        f"with confidence {100 * facts['confidence']:g} %"
    )
    click.echo(
        f"to the small  {100 * facts['share_simple']:.0f} % of requests "
        f"(now {100 * facts['share_simple_now']:.0f} %)"
    )
    if facts["compute_saved"] is not None:
        click.echo(f"compute       {100 * facts['compute_saved']:.0f} % saved against {_BASELINE}")
    click.echo(f"judged        {facts['n']:,} answers")
    click.echo(written or "not applied; --apply writes it into the configuration")
