"""Watch: looks at the log now and then, raises alarms, ends harmful experiments, tunes."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.engine import Engine

from gearshift.config.loading import Settings
from gearshift.decision_log.arm_outcomes import outcomes
from gearshift.decision_log.experiments import ExperimentState, Kept, experiments, stop
from gearshift.decision_log.lazy_engine import LazyEngine
from gearshift.decision_log.lease import Begin, Lease
from gearshift.guarantees.alarms import Alarm, Limits, alarms
from gearshift.quality.alarm_record import kept_alarms, update_alarms
from gearshift.quality.day import last_day

if TYPE_CHECKING:
    from gearshift.quality.auto_tune import AutoTune

logger = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 15.0
_RESTS: Final = 50
"""Times as long as it has taken to look at the experiments, nobody looks at them again."""
_WEBHOOK_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 10.0


class Watch:
    """A thread that sees what nobody looks at; whatever is wrong with it, requests go on.

    Of several gateways with one log, the one that owns it looks; all know which alarms last.

    Args:
        url: Of the log's database.
        settings: The active ones, looked up anew every time.
        config_file: Where `auto_tune` writes the threshold; without one it does nothing.
        lease: Says whether it is for this process to look.
        every_seconds: Between two looks.
        clock: Seconds, never back.
    """

    def __init__(
        self,
        url: str,
        settings: Callable[[], Settings],
        config_file: Path | None,
        lease: Lease,
        every_seconds: float = _EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = LazyEngine(lambda: url)
        self._clock = clock
        self._harm_due = clock()
        self._settings = settings
        self._config_file = config_file
        self._lease = lease
        self._auto_tune: AutoTune | None = None
        self._every_seconds = every_seconds
        self._lasting: tuple[str, ...] = ()
        self._is_in_trouble = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="quality-watch", daemon=True)

    @property
    def lasting(self) -> tuple[str, ...]:
        """The names of the alarms that last."""
        return self._lasting

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)
        self._database.close()

    def _run(self) -> None:
        while not self._stop.wait(self._every_seconds):
            try:
                self._look_if_owner()
                self._is_in_trouble = False
            except Exception as error:  # noqa: BLE001 - a database may fail in any way
                if not self._is_in_trouble:
                    logger.warning("quality watch: %s", " ".join(str(error).split()))
                self._is_in_trouble = True

    def _look_if_owner(self) -> None:
        if self._lease.is_held:
            self.look()
        else:
            self._lasting = _lasting(self._database.get())

    def look(self) -> None:
        """Look once.

        Raises:
            GearshiftError: The log cannot be opened.
            LeaseLostError: Another process has become the owner meanwhile.
            SQLAlchemyError: The log is in trouble.
        """
        engine = self._database.get()
        settings = self._settings()
        self._raise_alarms(engine, settings)
        self._end_harm(engine, settings)
        if settings.quality.auto_tune.enabled and self._config_file is not None:
            self._tune(engine, settings, self._config_file)

    def _raise_alarms(self, engine: Engine, settings: Settings) -> None:
        wanted = settings.quality.alarms
        limits = Limits(
            wanted.loss_share,
            wanted.drift,
            wanted.disagreement,
            wanted.fallback_share,
            wanted.simple_share,
        )
        now = time.time()
        raised = alarms(last_day(engine, now, _lowest(settings)), limits)
        new, over = update_alarms(engine, now, raised, self._lease.acting)
        self._lasting = _lasting(engine)
        for alarm in new:
            logger.warning("alarm %s: %s", alarm.name, alarm.message)
        for name in over:
            logger.info("alarm %s is over", name)
        if wanted.webhook and (new or over):
            _tell(wanted.webhook, new, over)

    def _end_harm(self, engine: Engine, settings: Settings) -> None:
        """Every request of an experiment is read for it: the longer it takes, the more rarely."""
        began = self._clock()
        if began < self._harm_due:
            return
        for kept in experiments(engine, ExperimentState.RUNNING):
            _end_if_harmful(engine, kept, _lowest(settings), self._lease.acting)
        ended = self._clock()
        self._harm_due = ended + _RESTS * (ended - began)

    def _tune(self, engine: Engine, settings: Settings, file: Path) -> None:
        # Here, not above: scipy is loaded only where it has something to do.
        from gearshift.quality.auto_tune import AutoTune

        self._auto_tune = self._auto_tune or AutoTune(file, begin=self._lease.acting)
        self._auto_tune.maybe(engine, settings)


def _end_if_harmful(engine: Engine, kept: Kept, lowest: str, begin: Begin) -> None:
    from gearshift.quality.experiment_report import finding_of, words_of

    finding = finding_of(kept, outcomes(engine, kept, lowest))
    if not finding.harmed_by or finding.is_ratio_wrong:
        return
    words = words_of(kept, finding)
    reason = f"stopped automatically: {', '.join(finding.harmed_by)} is worse"
    if stop(engine, kept.experiment.name, reason, words, begin):
        logger.warning("experiment %s: %s; %s", kept.experiment.name, reason, words)


def _lasting(engine: Engine) -> tuple[str, ...]:
    return tuple(alarm.name for alarm in kept_alarms(engine))


def _lowest(settings: Settings) -> str:
    return settings.tiered_routing.ordered_tiers[0].name


def _tell(url: str, new: list[Alarm], over: list[str]) -> None:
    """Post what has changed; a webhook that fails is said once and forgotten."""
    body: dict[str, Any] = {
        "raised": [
            {"name": a.name, "value": a.value, "limit": a.limit, "message": a.message} for a in new
        ],
        "over": over,
    }
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_WEBHOOK_SECONDS):
            pass
    except (OSError, ValueError) as error:
        logger.warning("the alarm webhook cannot be reached: %s", error)
