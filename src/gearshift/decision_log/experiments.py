"""Experiments as the log keeps them: their definitions and their states."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from gearshift.decision_log.lease import Begin
from gearshift.decision_log.schema import EXPERIMENTS
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

_SETTLED_SECONDS: Final = {"losses": 3_600.0, "failures": 900.0, "feedback": 3_600.0}


class ExperimentState(StrEnum):
    """How far an experiment is."""

    RUNNING = "running"
    STOPPED = "stopped"


class Metric(StrEnum):
    """What is counted against an arm."""

    LOSSES = "losses"  # answers of the small model that were judged worse than the large one's
    FAILURES = "failures"  # answers that failed, or that the first choice did not give
    FEEDBACK = "feedback"  # answers that users called bad, of those they said anything about

    @property
    def settled_seconds(self) -> float:
        """How long after a request its outcome is what it will be for good.

        What comes later is left out for ever: answers and verdicts that take their time must not
        change what was seen at an earlier look.
        """
        return _SETTLED_SECONDS[self.value]


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
    state: ExperimentState
    ended: float | None = None
    stop_reason: str | None = None


def start(engine: Engine, experiment: Experiment, metric: Metric, alpha: float) -> Kept:
    """Begin an experiment; every gateway on this log takes part within seconds.

    Raises:
        GearshiftError: The name is taken, or another experiment of its dimension runs.
    """
    kept = Kept(experiment, metric, alpha, ExperimentState.RUNNING)
    definition = {**asdict(experiment), "metric": metric.value, "alpha": alpha}
    with engine.begin() as connection:
        for other in _kept(connection, ExperimentState.RUNNING):
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


def stop(
    engine: Engine, name: str, reason: str, result: str = "", begin: Begin = Engine.begin
) -> bool:
    """End an experiment; `False` if none of that name runs."""
    table = EXPERIMENTS.c
    with begin(engine) as connection:
        stopped = connection.execute(
            EXPERIMENTS.update()
            .where(table.name == name, table.state == ExperimentState.RUNNING.value)
            .values(
                state=ExperimentState.STOPPED.value,
                ended=time.time(),
                stop_reason=reason,
                result=result,
            )
        )
    return stopped.rowcount > 0


def experiments(engine: Engine, state: ExperimentState | None = None) -> list[Kept]:
    """Those of a state, or all; the newest first."""
    with engine.connect() as connection:
        return _kept(connection, state)


def _kept(connection: Connection, state: ExperimentState | None) -> list[Kept]:
    query = select(EXPERIMENTS).order_by(EXPERIMENTS.c.started.desc())
    if state is not None:
        query = query.where(EXPERIMENTS.c.state == state.value)
    return [_read(row) for row in connection.execute(query)]


def _read(row: Row[Any]) -> Kept:
    definition = orjson.loads(row.definition)
    arms = tuple(
        Arm(arm["name"], arm["threshold"], arm["scorer"], arm["models"])
        for arm in definition["arms"]
    )
    experiment = Experiment(
        definition["name"],
        Dimension(definition["dimension"]),
        arms,
        definition["share"],
        definition["started"],
    )
    return Kept(
        experiment,
        Metric(definition["metric"]),
        definition["alpha"],
        ExperimentState(row.state),
        row.ended,
        row.stop_reason,
    )
