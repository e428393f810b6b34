"""`gearshift replay`: what another threshold would have done to logged traffic."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from gearshift.cli.options import config_option, json_option, load, print_json, since_option
from gearshift.cli.stats import hours_of, open_log
from gearshift.config.loading import Settings
from gearshift.constants.model_sizes import parameters_of
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.types import JsonObject

if TYPE_CHECKING:  # numpy, scipy and SQLAlchemy are imported only when the log is read
    from sqlalchemy.engine import Engine

    from gearshift.decision_log.moved import Moved
    from gearshift.guarantees.off_policy import Single
    from gearshift.guarantees.replay import Both


@click.command(name="replay")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 10),
    metavar="X",
    help="Threshold to estimate. Default: the current one.",
)
@click.option(
    "--scorer", metavar="NAME", help="Scorer to estimate, from requests whose prompts were stored."
)
@since_option
@config_option
@json_option
def command(
    threshold: float | None,
    scorer: str | None,
    since: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Estimate what threshold X, or another scorer, would have done with the logged requests.

    Shares and compute are counted. Quality is estimated from the requests whose small and large
    answers were both judged or, if there are too few, from users' feedback and exploration. If
    those do not suffice either, the output says so.
    """
    settings = load(config, tiered_routing__scorer=scorer)
    now = settings.tiered_routing.ordered_tiers[0].below or 0.0
    if threshold is None and scorer is None:
        raise click.UsageError("give --threshold, --scorer or both")
    wanted = now if threshold is None else threshold
    start = 0.0 if since is None else time.time() - 3_600 * hours_of(since)
    engine = open_log(settings)
    try:
        from gearshift.decision_log.moved import moved_at, rescored_at

        if scorer is None:
            moved = moved_at(engine, wanted, start)
            both = _both(engine, None)
        else:
            loaded = load_scorer(settings.tiered_routing)
            moved = rescored_at(engine, lambda prompt: loaded.score(prompt).score, wanted, start)
            both = _both(engine, loaded)
        if not moved.n:
            raise GearshiftError(_nothing(scorer))
        single = _single(engine, settings, start) if scorer is None else None
    finally:
        engine.dispose()
    facts = _facts(moved, both, single, settings, wanted)
    print_json(facts) if as_json else _print(facts)


def _nothing(scorer: str | None) -> str:
    if scorer is None:
        return "the decision log has no scored requests; send some first"
    return (
        "the decision log has no prompts that another scorer could score; "
        "set decision_log.store_prompts to store them from now on"
    )


def _both(engine: Engine, scorer: Scorer | None) -> Both:
    import numpy as np

    from gearshift.decision_log.judged import judged_requests
    from gearshift.guarantees.replay import Both

    try:
        requests = judged_requests(engine)
    except GearshiftError:
        requests = []
    if scorer is not None:
        requests = [
            request._replace(score=scorer.score(request.prompt).score)
            for request in requests
            if request.prompt
        ]
    return Both(
        np.array([request.score for request in requests]),
        np.array([request.weak_score for request in requests]),
        np.array([request.strong_score for request in requests]),
        np.array([1.0 / request.propensity for request in requests]),
    )


def _single(engine: Engine, settings: Settings, since: float) -> Single:
    import numpy as np

    from gearshift.decision_log.rated import rated_requests
    from gearshift.guarantees.off_policy import Single

    requests = rated_requests(engine, since)
    lowest = settings.tiered_routing.ordered_tiers[0].name
    return Single(
        np.array([request.score for request in requests]),
        np.array([request.tier == lowest for request in requests], dtype=bool),
        np.array([request.propensity for request in requests]),
        np.array([request.reward for request in requests]),
    )


def _facts(
    moved: Moved, both: Both, single: Single | None, settings: Settings, threshold: float
) -> JsonObject:
    now = settings.tiered_routing.ordered_tiers[0].below or 0.0
    return {
        "threshold": threshold,
        "share_simple": moved.simple / moved.n,
        "share_moved": moved.moved / moved.n,
        "compute_saved": _saved(moved, settings),
        "compute_baseline": "always-complex on the same tokens",
        "quality": _estimated(both, single, threshold),
        "threshold_now": now,
        "quality_now": _estimated(both, single, now),
        "n": moved.n,
    }


def _estimated(both: Both, single: Single | None, threshold: float) -> JsonObject:
    """By judged pairs; else by feedback, which shows both of its estimates."""
    from dataclasses import asdict

    from gearshift.guarantees.off_policy import doubly_robust, snips
    from gearshift.guarantees.replay import quality_at

    by_pairs = quality_at(both, threshold)
    if by_pairs.estimate is not None or single is None or not len(single.scores):
        return asdict(by_pairs)
    by_feedback = doubly_robust(single, threshold)
    if by_feedback.estimate is None:
        return asdict(by_pairs)
    other = snips(single, threshold)
    return {**asdict(by_feedback), "snips": {"estimate": other.estimate, "ci": other.ci}}


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


def _quality(estimate: JsonObject) -> str:
    if estimate["estimate"] is None:
        return f"no support: {estimate['n']} requests have both answers judged"
    low, high = estimate["ci"]
    source = "judged" if estimate["method"] == "direct" else "rated by users"
    return (
        f"{estimate['estimate']:.3f} [{low:.3f}, {high:.3f}] "
        f"({estimate['method']}, {estimate['n']:,} {source})"
    )
