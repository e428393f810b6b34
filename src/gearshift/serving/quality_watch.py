"""Runs the quality watch beside a server, where there is a log for it to look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gearshift.serving.live_interface import LiveInterface
from gearshift.telemetry.metrics import Metrics


@contextmanager
def quality_watch(
    live: LiveInterface, metrics: Metrics, config_file: Path | None
) -> Iterator[None]:
    """Watch until the context ends; nothing is done without a log.

    Args:
        live: Whose settings count.
        metrics: Shows which alarms last.
        config_file: Where `auto_tune` writes.
    """
    wanted = live.llm.settings.decision_log
    if not wanted.enabled:
        yield
        return
    # Here, not above: SQLAlchemy is not loaded where there is no log.
    from gearshift.decision_log.database import default_url
    from gearshift.guarantees.alarms import CHECKS
    from gearshift.quality.watch import Watch

    watch = Watch(wanted.url or default_url(), lambda: live.llm.settings, config_file)
    metrics.watch_alarms(lambda: watch.lasting, CHECKS)
    watch.start()
    try:
        yield
    finally:
        watch.stop()
