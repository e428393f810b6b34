"""Experiments as the log keeps them: their definitions, their states, what their arms had."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from gearshift.decision_log.schema import DECISIONS, EXPERIMENTS, JUDGEMENTS
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

_BAD: Final = 500


class State(StrEnum):
    """How far an experiment is."""

    RUNNING = "running"
    STOPPED = "stopped"


class Metric(StrEnum):
    """What is counted against an arm."""

    LOSSES = "losses"  # answers of the small model that were judged worse than the large one's
    FAILURES = "failures"  # answers that failed, or that the first choice did not give
    FEEDBACK = "feedback"  # answers that users called bad, of those they said anything about


@dataclass(frozen=True, slots=True)
class Kept:
    """An experiment with how it is doing.

    Attributes:
        alpha: Chance of any wrong finding.
        ended: Seconds since 1970.
    """

    experiment: Experiment
    metric: Metric
    alpha: float
    state: State
    ended: float | None = None
    stop_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What an arm has had.

    Attributes:
        units: Sessions, or requests without one.
        requests: All of them.
        values: One of each unit that is judged, its first; 1 is bad.
        flops: Spent in all, where known.
    """

    units: int
    requests: int
    values: tuple[float, ...]
    flops: float


def start(engine: Engine, experiment: Experiment, metric: Metric, alpha: float) -> Kept:
    """Begin an experiment; every gateway on this log takes part within seconds.

    Raises:
        GearshiftError: The name is taken, or another experiment of its dimension runs.
    """
    kept = Kept(experiment, metric, alpha, State.RUNNING)
    definition = {**asdict(experiment), "metric": metric.value, "alpha": alpha}
    with engine.begin() as connection:
        for other in _kept(connection, State.RUNNING):
            if other.experiment.dimension is experiment.dimension:
                raise GearshiftError(
                    f"experiment {other.experiment.name!r} compares {experiment.dimension}s "
                    "already; stop it first, two at once could not be told apart"
                )
        row = {
            "name": experiment.name,
            "started": experiment.started,
            "state": kept.state.value,
            "definition": orjson.dumps(definition).decode(),
        }
        try:
            connection.execute(EXPERIMENTS.insert().values(row))
        except IntegrityError as error:
            raise GearshiftError(
                f"there was an experiment {experiment.name!r} before; choose another name"
            ) from error
    return kept


def stop(engine: Engine, name: str, reason: str, result: str = "") -> bool:
    """End an experiment; `False` if none of that name runs."""
    table = EXPERIMENTS.c
    with engine.begin() as connection:
        found = connection.execute(
            EXPERIMENTS.update()
            .where(table.name == name, table.state == State.RUNNING.value)
            .values(state=State.STOPPED.value, ended=time.time(), stop_reason=reason, result=result)
        )
    return found.rowcount > 0


def experiments(engine: Engine, state: State | None = None) -> list[Kept]:
    """Those of a state, or all; the newest first."""
    with engine.connect() as connection:
        return _kept(connection, state)


def _kept(connection: Connection, state: State | None) -> list[Kept]:
    query = select(EXPERIMENTS).order_by(EXPERIMENTS.c.started.desc())
    if state is not None:
        query = query.where(EXPERIMENTS.c.state == state.value)
    return [_read(row) for row in connection.execute(query)]


def _read(row: Row[Any]) -> Kept:
    said = orjson.loads(row.definition)
    arms = tuple(
        Arm(arm["name"], arm["threshold"], arm["scorer"], arm["models"]) for arm in said["arms"]
    )
    experiment = Experiment(
        said["name"], Dimension(said["dimension"]), arms, said["share"], said["started"]
    )
    return Kept(
        experiment,
        Metric(said["metric"]),
        said["alpha"],
        State(row.state),
        row.ended,
        row.stop_reason,
    )


def outcomes(engine: Engine, kept: Kept, lowest: str) -> dict[str, Outcomes]:
    """What every arm has had, by name; an answer of a session counts once, its first judged one.

    Args:
        engine: The log's database.
        kept: Which experiment.
        lowest: The name of the smallest tier, whose answers can be losses.
    """
    experiment = kept.experiment
    made, judged = DECISIONS.c, JUDGEMENTS.c
    verdicts = (
        select(judged.decision_id, func.min(judged.verdict).label("verdict"))
        .where(judged.judge == "user" if kept.metric is Metric.FEEDBACK else judged.judge != "user")
        .group_by(judged.decision_id)
        .subquery()
    )
    query = (
        select(
            made.id,
            made.session_hash,
            made.arms,
            made.tier,
            made.status,
            made.fallback,
            made.drawn,
            made.flops,
            verdicts.c.verdict,
        )
        .join_from(DECISIONS, verdicts, verdicts.c.decision_id == made.id, isouter=True)
        .where(made.time >= experiment.started, made.arms.is_not(None))
        .order_by(made.time, made.id)
    )
    if kept.ended is not None:
        query = query.where(made.time <= kept.ended)
    with engine.connect() as connection:
        return _gathered(connection.execute(query), kept, lowest)


def _gathered(rows: Any, kept: Kept, lowest: str) -> dict[str, Outcomes]:
    names = [arm.name for arm in kept.experiment.arms]
    units: dict[str, set[str]] = {name: set() for name in names}
    values: dict[str, dict[str, float]] = {name: {} for name in names}
    requests = dict.fromkeys(names, 0)
    flops = dict.fromkeys(names, 0.0)
    for row in rows:
        arm = arm_in(row.arms, kept.experiment.name)
        if arm not in requests:
            continue
        unit = row.session_hash or row.id
        units[arm].add(unit)
        requests[arm] += 1
        flops[arm] += row.flops or 0.0
        value = _value(row, kept.metric, lowest)
        if value is not None:
            values[arm].setdefault(unit, value)
    return {
        name: Outcomes(len(units[name]), requests[name], tuple(values[name].values()), flops[name])
        for name in names
    }


def arm_in(arms: str, experiment: str) -> str:
    """The arm that a decision had in an experiment; empty if none.

    >>> arm_in("a:x,b:y", "b")
    'y'
    """
    for part in arms.split(","):
        name, _, arm = part.rpartition(":")
        if name == experiment:
            return arm
    return ""


def _value(row: Row[Any], metric: Metric, lowest: str) -> float | None:
    """1 for a bad outcome, 0 for a good one, `None` where it is not known."""
    if metric is Metric.FAILURES:
        return float(row.status >= _BAD or row.fallback is not None)
    if metric is Metric.FEEDBACK:
        return None if row.verdict is None else float(row.verdict == "bad")
    if row.drawn is None:
        return None
    if row.tier != lowest:
        return 0.0  # the answer that the small model's would have been compared with
    return None if row.verdict in (None, "malformed") else float(row.verdict == "loss")
