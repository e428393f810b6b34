"""What the arms of an experiment have had, as far as it will stay so."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.engine import Engine, Row

from gearshift.decision_log.experiments import Kept, Metric
from gearshift.decision_log.feedback import JUDGE
from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS

_BAD: Final = 500
_ROWS_AT_ONCE: Final = 1_000


class Outcome(NamedTuple):
    """What a unit, a session or a request without one, has had.

    Attributes:
        is_at_risk: Whether it can be bad; an answer of the large model is no loss.
        bad: 0-1; `None` where nobody has judged it.
    """

    is_at_risk: bool
    bad: float | None


@dataclass(slots=True)
class ArmOutcomes:
    """What an arm has had.

    Attributes:
        units: Sessions, or requests without one.
        requests: All of them.
        flops: Spent in all, where known.
        settled_units: Units that had a request whose outcome is settled.
        settled: Their outcomes, in the order of their requests; only ever added to at the end.
        so_far: Outcomes of all units, settled or not.
    """

    units: int = 0
    requests: int = 0
    flops: float = 0.0
    settled_units: int = 0
    settled: tuple[Outcome, ...] = ()
    so_far: tuple[Outcome, ...] = ()


def outcomes(
    engine: Engine, kept: Kept, lowest: str, now: float | None = None
) -> dict[str, ArmOutcomes]:
    """What every arm has had, by name; a session counts once.

    Args:
        engine: The log's database.
        kept: Which experiment.
        lowest: The name of the smallest tier, whose answers can be losses.
        now: Seconds since 1970.
    """
    made, judged = DECISIONS.c, JUDGEMENTS.c
    until = made.time + kept.metric.settled_seconds
    is_user = judged.judge == JUDGE
    verdicts = and_(
        judged.decision_id == made.id,
        is_user if kept.metric is Metric.FEEDBACK else ~is_user,
        judged.verdict != "malformed",
        judged.time <= until,
    )
    query = (
        select(
            made.id,
            made.time,
            made.session_hash,
            made.arms,
            made.tier,
            made.status,
            made.fallback,
            made.drawn,
            made.flops,
            made.seconds,
            judged.verdict,
        )
        .join_from(DECISIONS, JUDGEMENTS, verdicts, isouter=True)
        .where(made.time >= kept.experiment.started, made.arms.is_not(None))
        .order_by(made.time, made.id)
    )
    if kept.ended is not None:
        query = query.where(made.time <= kept.ended)
    settled = (time.time() if now is None else now) - kept.metric.settled_seconds
    with engine.connect() as connection:
        # A long experiment has more rows than should be in memory at once.
        rows = connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE})
        return gathered(rows, kept, lowest, settled)


def gathered(
    rows: Iterable[Any], kept: Kept, lowest: str, settled: float
) -> dict[str, ArmOutcomes]:
    """What every arm has had by these rows, in the order of their requests.

    Args:
        rows: One for each verdict, or one for a request without any.
        kept: Which experiment.
        lowest: The smallest tier's name.
        settled: Requests up to this time are settled, seconds since 1970.
    """
    arms = {arm.name: _Gathered() for arm in kept.experiment.arms}
    for _, same in groupby(rows, key=lambda row: row.id):
        row, *more = same
        arm = arms.get(arm_in(row.arms, kept.experiment.name))
        if arm is None:
            continue
        unit = row.session_hash or row.id
        arm.requests += 1
        arm.flops += row.flops or 0.0
        arm.units.add(unit)
        if row.time <= settled:
            arm.settled_units.add(unit)
        if unit not in arm.outcomes:
            verdicts = [r.verdict for r in (row, *more) if r.verdict is not None]
            outcome = _outcome(row, verdicts, kept.metric, lowest)
            if outcome is not None:
                arm.outcomes[unit] = outcome
                arm.settled += row.time <= settled
    return {name: arm.outcome() for name, arm in arms.items()}


class _Gathered:
    """An arm while its rows are read."""

    def __init__(self) -> None:
        self.units: set[str] = set()
        self.settled_units: set[str] = set()
        self.outcomes: dict[str, Outcome] = {}
        self.settled = 0
        self.requests = 0
        self.flops = 0.0

    def outcome(self) -> ArmOutcomes:
        every = tuple(self.outcomes.values())
        return ArmOutcomes(
            len(self.units),
            self.requests,
            self.flops,
            len(self.settled_units),
            every[: self.settled],
            every,
        )


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


def _outcome(row: Row[Any], verdicts: Sequence[str], metric: Metric, lowest: str) -> Outcome | None:
    """What a request makes of its unit; `None` where another request of it has to say.

    Which request speaks for a unit is settled with the request itself: the first; for losses the
    first that was sampled, judged or not; for feedback the first that users have said anything of.
    Of several judges of one answer each has an equal say.
    """
    if row.seconds > metric.settled_seconds:
        return None  # not in the log by the time that it would have to be
    if metric is Metric.FAILURES:
        return Outcome(True, float(row.status >= _BAD or row.fallback is not None))
    if metric is Metric.FEEDBACK:
        return Outcome(True, _part(verdicts, "bad")) if verdicts else None
    if row.drawn is None or row.fallback is not None:
        return None
    return Outcome(row.tier == lowest, _part(verdicts, "loss") if verdicts else None)


def _part(verdicts: Sequence[str], wanted: str) -> float:
    return sum(verdict == wanted for verdict in verdicts) / len(verdicts)
