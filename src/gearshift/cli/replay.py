"""`gearshift replay`: what another threshold would have done to logged traffic."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.cli.stats import hours_of, open_log
from gearshift.errors import GearshiftError
from gearshift.model_sizes import parameters_of
from gearshift.settings import Settings
from gearshift.types import JsonObject

if TYPE_CHECKING:  # numpy, scipy and SQLAlchemy are imported only when the log is read
    from sqlalchemy.engine import Engine

    from gearshift.decision_log.moved import Moved
    from gearshift.guarantees.replay import Both


@click.command(name="replay")
@click.option("--threshold", required=True, type=click.FloatRange(0, 10), metavar="X")
@click.option("--since", metavar="SPAN", help="Only the last 6h, 7d or 4w.")
@config_option
@json_option
def command(threshold: float, since: str | None, config: str | None, as_json: bool) -> None:
    """Say what threshold X would have done to the scored requests of the decision log.

    Shares and compute are counted from the logged scores. Quality is estimated from the requests
    whose small and large answers were both judged; where there are none, there is no support for
    an estimate, and it says so.
    """
    settings = load(config)
    start = 0.0 if since is None else time.time() - 3_600 * hours_of(since)
    engine = open_log(settings)
    try:
        from gearshift.decision_log.moved import moved_at

        moved = moved_at(engine, threshold, start)
        if not moved.n:
            raise GearshiftError("the decision log has no scored requests; send some first")
        both = _both(engine)
    finally:
        engine.dispose()
    facts = _facts(moved, both, settings, threshold)
    print_json(facts) if as_json else _print(facts)


def _both(engine: Engine) -> Both:
    import numpy as np

    from gearshift.decision_log.judged import judged_requests
    from gearshift.guarantees.replay import Both

    try:
        found = judged_requests(engine)
    except GearshiftError:
        found = []
    return Both(
        np.array([one.score for one in found]),
        np.array([one.weak_score for one in found]),
        np.array([one.strong_score for one in found]),
        np.array([1.0 / one.propensity for one in found]),
    )


def _facts(moved: Moved, both: Both, settings: Settings, threshold: float) -> JsonObject:
    from dataclasses import asdict

    from gearshift.guarantees.replay import quality_at

    now = settings.tiered_routing.ordered_tiers[-2].below or 0.0
    return {
        "threshold": threshold,
        "share_simple": moved.simple / moved.n,
        "share_moved": moved.moved / moved.n,
        "compute_saved": _saved(moved, settings),
        "compute_baseline": "always-complex on the same tokens",
        "quality": asdict(quality_at(both, threshold)),
        "threshold_now": now,
        "quality_now": asdict(quality_at(both, now)),
        "n": moved.n,
    }


def _saved(moved: Moved, settings: Settings) -> float | None:
    """Share of the compute that would not have been spent; `None` where it cannot be known."""
    tiers = settings.tiered_routing.ordered_tiers
    small, large = (parameters_of(settings.first_model(tiers[at].name)) for at in (0, -1))
    if small is None or large is None or not moved.tokens:
        return None
    return (1.0 - small / large) * moved.simple_tokens / moved.tokens


def _print(facts: JsonObject) -> None:
    click.echo(f"threshold     {facts['threshold']:g} (now {facts['threshold_now']:g})")
    click.echo(
        f"to the small  {100 * facts['share_simple']:.0f} % of {facts['n']:,} scored requests; "
        f"{100 * facts['share_moved']:.0f} % would have gone elsewhere"
    )
    if facts["compute_saved"] is not None:
        baseline = facts["compute_baseline"]
        click.echo(f"compute       {100 * facts['compute_saved']:.0f} % saved against {baseline}")
    click.echo(f"quality       {_quality(facts['quality'])}; now {_quality(facts['quality_now'])}")


def _quality(found: JsonObject) -> str:
    if found["estimate"] is None:
        return f"no support: {found['n']} requests have both answers judged"
    low, high = found["ci"]
    return f"{found['estimate']:.3f} [{low:.3f}, {high:.3f}] (direct, {found['n']:,} judged)"
