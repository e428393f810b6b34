"""`gearshift replay`: what another threshold would have done to logged traffic."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from gearshift.cli.offline import ROWS, ROWS_TO_SCORE, Offline, offline_options, progress
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

    from gearshift.decision_log.judged import JudgedRequest
    from gearshift.decision_log.moved import Moved
    from gearshift.decision_log.rated import RatedRequest
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
@offline_options
@config_option
@json_option
def command(
    threshold: float | None,
    scorer: str | None,
    since: str | None,
    offline: Offline | None,
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
    question = _Question(wanted, scorer is not None, start)
    logged = (
        _logged(settings, question) if offline is None else _exported(offline, settings, question)
    )
    if not logged.moved.n:
        raise GearshiftError(_nothing(scorer, offline))
    single = _single(logged.rated, settings) if scorer is None else None
    facts = _facts(logged.moved, _both(logged.judged), single, settings, wanted)
    print_json(facts) if as_json else _print(facts)


def _nothing(scorer: str | None, offline: Offline | None) -> str:
    where = "the decision log" if offline is None else offline.source
    if scorer is None:
        return f"{where} has no scored requests" + ("; send some first" if not offline else "")
    return (
        f"{where} has no prompts that another scorer could score; "
        "set decision_log.store_prompts to store them from now on"
    )


class _Question(NamedTuple):
    threshold: float
    is_scored_anew: bool
    since: float


class _Logged(NamedTuple):
    moved: Moved
    judged: Sequence[JudgedRequest]
    rated: Sequence[RatedRequest]


def _logged(settings: Settings, question: _Question) -> _Logged:
    """From the decision log."""
    engine = open_log(settings)
    try:
        from gearshift.decision_log.moved import moved_at, rescored_at
        from gearshift.decision_log.rated import rated_requests

        threshold, is_scored_anew, since = question
        if not is_scored_anew:
            moved = moved_at(engine, threshold, since)
            return _Logged(moved, _judged(engine, None), rated_requests(engine, since))
        scorer = load_scorer(settings.tiered_routing)
        moved = rescored_at(engine, lambda prompt: scorer.score(prompt).score, threshold, since)
        return _Logged(moved, _judged(engine, scorer), ())
    finally:
        engine.dispose()


def _exported(offline: Offline, settings: Settings, question: _Question) -> _Logged:
    """From exported files, as the decision log would tell it."""
    limits, engine = offline.limits, offline.engine()
    from gearshift.offline.engine import results
    from gearshift.offline.files import DECISIONS, JUDGEMENTS, nothing_in, parts_of, table_files
    from gearshift.offline.replaying import Replayed, ReplayPart

    scorer = settings.tiered_routing if question.is_scored_anew else None
    files = table_files(offline.source, DECISIONS)
    if not files:
        raise nothing_in(offline.source, "decisions")
    parts = parts_of(files, ROWS_TO_SCORE if scorer else ROWS, limits)
    judgements = tuple(table_files(offline.source, JUDGEMENTS))
    work = ReplayPart(question.threshold, question.since, judgements, scorer, limits)
    with progress("replaying", parts) as advance:
        replayed = Replayed.together(results(engine, work, parts, advance))
    return _Logged(replayed.moved, replayed.judged, replayed.rated)


def _judged(engine: Engine, scorer: Scorer | None) -> list[JudgedRequest]:
    from gearshift.decision_log.judged import judged_requests

    try:
        requests = judged_requests(engine)
    except GearshiftError:
        return []
    if scorer is None:
        return requests
    return [
        request._replace(score=scorer.score(request.prompt).score)
        for request in requests
        if request.prompt
    ]


def _both(requests: Sequence[JudgedRequest]) -> Both:
    import numpy as np

    from gearshift.guarantees.replay import Both

    return Both(
        np.array([request.score for request in requests]),
        np.array([request.weak_score for request in requests]),
        np.array([request.strong_score for request in requests]),
        np.array([1.0 / request.propensity for request in requests]),
    )


def _single(requests: Sequence[RatedRequest], settings: Settings) -> Single:
    import numpy as np

    from gearshift.guarantees.off_policy import Single

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
