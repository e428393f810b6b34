"""`gearshift experiment`: compares thresholds, scorers or models on live traffic."""

from __future__ import annotations

import re
import time
from typing import Any, Final

import click

from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.cli.stats import open_log
from gearshift.config.loading import Settings
from gearshift.errors import ConfigError, GearshiftError
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.types import JsonObject

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_METRICS: Final = ("losses", "failures", "feedback")
_OPEN: Final = click.FloatRange(0, 1, min_open=True)
_ALPHA: Final = click.FloatRange(0, 0.5, min_open=True, max_open=True)


@click.group(name="experiment")
def command() -> None:
    """Compare thresholds, scorers or models on live traffic.

    All requests of a session (x-session-id) get the same arm; a request without a session is
    assigned on its own. You may look at the results at any time without making them less valid.
    The experiment ends automatically when an arm is shown to be worse.
    """


@command.command(name="start")
@click.argument("name")
@click.option("--thresholds", metavar="X,Y…", help="Compare thresholds; the first is the control.")
@click.option("--scorers", metavar="A,B…", help="Compare scorers: names or model files.")
@click.option("--models", metavar="TIER=A,B…", help="Compare the models of a tier.")
@click.option(
    "--share", type=_OPEN, default=1.0, show_default=True, help="Share of sessions that take part."
)
@click.option(
    "--metric",
    type=click.Choice(_METRICS),
    default="losses",
    show_default=True,
    help="What counts against an arm: judged losses, failures, or users' verdicts.",
)
@click.option(
    "--alpha", type=_ALPHA, default=0.05, show_default=True, help="Chance of a false finding."
)
@config_option
@json_option
def start(
    name: str,
    thresholds: str | None,
    scorers: str | None,
    models: str | None,
    share: float,
    metric: str,
    alpha: float,
    config: str | None,
    as_json: bool,
) -> None:
    """Start the experiment NAME on every gateway that uses this decision log, within seconds."""
    settings = load(config)
    if not _NAME.fullmatch(name):
        raise click.UsageError(f"NAME {name!r}: use at most 40 letters, digits, '.', '_', '-'")
    dimension, arms = _arms(settings, thresholds, scorers, models)
    if metric == "losses" and settings.quality.shadow_share <= 0:
        raise GearshiftError(
            "losses are known only for judged answers: set quality.shadow_share, or choose "
            "--metric failures or feedback"
        )
    experiment = Experiment(name, dimension, arms, share, time.time())
    engine = open_log(settings)
    try:
        from gearshift.decision_log.experiments import Metric
        from gearshift.decision_log.experiments import start as begin

        begin(engine, experiment, Metric(metric), alpha)
    finally:
        engine.dispose()
    if as_json:
        print_json({"name": name, "state": "running", "arms": [arm.name for arm in arms]})
        return
    click.echo(f"running: {name}, arms {', '.join(arm.name for arm in arms)}")
    click.echo(f"`gearshift experiment status {name}` shows results, `… stop {name}` ends it")


@command.command(name="status")
@click.argument("name", required=False)
@config_option
@json_option
def status(name: str | None, config: str | None, as_json: bool) -> None:
    """Show the results so far of the experiment NAME, or of all experiments."""
    settings = load(config)
    engine = open_log(settings)
    try:
        from gearshift.decision_log.experiments import experiments
        from gearshift.quality.experiment_report import report

        matching = [kept for kept in experiments(engine) if name in (None, kept.experiment.name)]
        if name is not None and not matching:
            raise GearshiftError(f"there is no experiment {name!r}")
        lowest = settings.tiered_routing.ordered_tiers[0].name
        reports = [report(engine, kept, lowest) for kept in matching]
    finally:
        engine.dispose()
    if as_json:
        print_json({"experiments": reports})
    elif not reports:
        click.echo("no experiments; `gearshift experiment start --help` says how to begin one")
    for experiment in () if as_json else reports:
        _print(experiment)


@command.command(name="stop")
@click.argument("name")
@config_option
@json_option
def stop(name: str, config: str | None, as_json: bool) -> None:
    """End the experiment NAME; its sessions return to the configured settings."""
    settings = load(config)
    engine = open_log(settings)
    try:
        from gearshift.decision_log.experiments import stop as end

        if not end(engine, name, "stopped by hand"):
            raise GearshiftError(f"no experiment {name!r} is running")
    finally:
        engine.dispose()
    print_json({"name": name, "state": "stopped"}) if as_json else click.echo(f"stopped: {name}")


def _arms(
    settings: Settings, thresholds: str | None, scorers: str | None, models: str | None
) -> tuple[Dimension, tuple[Arm, ...]]:
    given = {
        Dimension.THRESHOLD: thresholds,
        Dimension.SCORER: scorers,
        Dimension.MODELS: models,
    }
    chosen = [(dimension, text) for dimension, text in given.items() if text is not None]
    if len(chosen) != 1:
        raise click.UsageError("give exactly one of --thresholds, --scorers and --models")
    dimension, text = chosen[0]
    tier, _, listed = text.rpartition("=") if dimension is Dimension.MODELS else ("", "", text)
    values = [value.strip() for value in listed.split(",") if value.strip()]
    if len(values) < 2 or len(set(values)) < len(values):
        raise click.UsageError(f"{text!r}: name at least two different ones, separated by commas")
    names = [configured.name for configured in settings.tiered_routing.ordered_tiers]
    if dimension is Dimension.MODELS and tier not in names:
        raise click.UsageError(f"{text!r}: write TIER=A,B with a tier of {', '.join(names)}")
    return dimension, tuple(_arm(settings, dimension, tier, value) for value in values)


def _arm(settings: Settings, dimension: Dimension, tier: str, value: str) -> Arm:
    if dimension is Dimension.MODELS:
        return Arm(_label(value), models={tier: value})
    if dimension is Dimension.THRESHOLD:
        try:
            threshold = float(value)
        except ValueError:
            threshold = -1.0
        if not 0 <= threshold <= 10:
            raise click.UsageError(f"threshold {value!r}: must be a number from 0 to 10")
        return Arm(f"{threshold:g}", threshold=threshold)
    changed: Any = {**settings.tiered_routing.model_dump(), "scorer": value}
    try:
        load_scorer(type(settings.tiered_routing).model_validate(changed))
    except (ConfigError, ValueError) as error:
        raise click.UsageError(f"scorer {value!r} cannot be used: {error}") from error
    return Arm(_label(value), scorer=value)


def _label(value: str) -> str:
    """A name for an arm that needs no quoting: `gemma2:2b` is `gemma2-2b`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", value.rpartition("/")[2])[:40]


def _print(facts: JsonObject) -> None:
    ended = f", {facts['stop_reason']}" if facts["stop_reason"] else ""
    share = f"{100 * facts['share']:g} % of sessions"
    click.echo(f"{facts['name']}: {facts['state']}{ended} ({facts['compares']}, {share})")
    for arm in facts["arms"]:
        rate = "-" if arm["estimate"] is None else f"{100 * arm['estimate']:.1f} %"
        low, high = (100 * bound for bound in arm["ci"])
        shown = f"{rate} [{low:.1f}, {high:.1f}]" if arm["judged"] else "-"
        click.echo(
            f"  {arm['name']:<16} {arm['requests']:>8,} requests  {arm['judged']:>6,} judged  "
            f"{facts['metric']} {shown}"
        )
    click.echo(f"  {facts['result']}")
