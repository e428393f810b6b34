"""AutoTune: keeps the threshold in the configuration file at one that is promised."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy.engine import Engine

from gearshift.config.loading import Settings, check_is_from_file
from gearshift.config_file.editing import replace_threshold
from gearshift.decision_log.facts import take_turn
from gearshift.decision_log.lease import Begin
from gearshift.errors import GearshiftError
from gearshift.guarantees.step import next_threshold, still_true
from gearshift.guarantees.threshold import JudgedScores, Risk, promised, refused
from gearshift.quality.logged import logged_answers
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig

logger = logging.getLogger(__name__)

_LAST: Final = "auto_tune"
_MONTH_HOURS: Final = 30 * 24


class AutoTune:
    """Runs on a schedule that survives restarts: when it last ran is kept in the log.

    Args:
        file: The configuration in use; what is written there comes into force by its reload.
        clock: Seconds since 1970.
        begin: Begins the transaction within which the file is written.
    """

    def __init__(
        self, file: Path, clock: Callable[[], float] = time.time, begin: Begin = Engine.begin
    ) -> None:
        self._file = file
        self._clock = clock
        self._begin = begin
        self._scorer: tuple[TierConfig, Scorer] | None = None

    def maybe(self, engine: Engine, settings: Settings) -> None:
        """Move the threshold, if it is time and there is reason to."""
        every_seconds = 3_600 * settings.quality.auto_tune.every_hours
        if not take_turn(engine, _LAST, every_seconds, self._clock()):
            return
        try:
            self._move(engine, settings)
        except GearshiftError as error:
            logger.info("auto_tune: nothing done: %s", error)

    def _move(self, engine: Engine, settings: Settings) -> None:
        routing, wanted = settings.tiered_routing, settings.quality.auto_tune
        answers = logged_answers(engine, self._scorer_of(routing))
        losses = np.where(answers.gap > 0, 1.0, 0.0)
        judged = JudgedScores(answers.scores, losses, answers.weights)
        now = routing.ordered_tiers[0].below or 0.0
        delta = delta_of_a_run(wanted.delta, wanted.every_hours)
        wise, why = wise_threshold(now, judged, wanted.alpha, delta)
        if wise == now:
            logger.info("auto_tune: the threshold stays at %g (%d judged)", now, len(losses))
            return
        check_is_from_file(self._file, "tiered_routing.complexity_threshold")
        with self._begin(engine):  # by whoever owns the log, and by nobody who did so before
            written = replace_threshold(self._file, wise)
        logger.warning("auto_tune: threshold %g -> %g%s; %s", now, wise, why, written)

    def _scorer_of(self, routing: TierConfig) -> Scorer:
        if self._scorer is None or self._scorer[0] != routing:
            self._scorer = routing, load_scorer(routing)
        return self._scorer[1]


def delta_of_a_run(delta: float, every_hours: float) -> float:
    """The part of delta that one run may spend, so that all runs of a month keep the promise."""
    return delta / max(1, ceil(_MONTH_HOURS / every_hours))


def wise_threshold(
    now: float, judged: JudgedScores, alpha: float, delta: float
) -> tuple[float, str]:
    """The threshold to go on with, and why where that needs to be said."""
    guarantee = promised(judged, alpha=alpha, delta=delta, risk=Risk.SMALL)
    kept = still_true(guarantee, judged, alpha=alpha, delta=delta)
    wise = next_threshold(now, kept)
    if wise > 0:
        return wise, ""
    why = refused(judged, alpha, delta, Risk.SMALL)
    if guarantee:
        return (
            wise,
            ", everything to the large model: the newest answers contradict what all together show",
        )
    needed = "" if why.needed is None else f" (about {why.needed:,} would be needed)"
    return wise, f", everything to the large model: {why.reason}{needed}"
