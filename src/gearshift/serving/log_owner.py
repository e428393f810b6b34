"""Runs what one process of all that share a log does for it: deleting, alarms, tuning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gearshift.serving.live_interface import LiveInterface
from gearshift.telemetry.metrics import Metrics


@contextmanager
def log_owner(live: LiveInterface, metrics: Metrics, config_file: Path | None) -> Iterator[None]:
    """Own the log, or wait to, until the context ends; nothing is done without a log.

    Args:
        live: Whose settings count.
        metrics: Shows which alarms last, and whether this process is the owner.
        config_file: Where `auto_tune` writes.
    """
    wanted = live.llm.settings.decision_log
    if not wanted.enabled:
        yield
        return
    # Here, not above: SQLAlchemy is not loaded where there is no log.
    from gearshift.decision_log.database import default_url
    from gearshift.decision_log.lease import Lease
    from gearshift.decision_log.lease_keeper import LeaseKeeper, this_process
    from gearshift.decision_log.retention import Retention
    from gearshift.decision_log.upkeep import Upkeep
    from gearshift.guarantees.alarms import CHECKS
    from gearshift.quality.watch import Watch

    url, lease = wanted.url or default_url(), Lease(this_process())
    watch = Watch(url, lambda: live.llm.settings, config_file, lease)
    upkeep = Upkeep(url, lease, Retention(wanted.keep_days, wanted.max_megabytes))
    metrics.watch_alarms(lambda: watch.lasting, CHECKS)
    metrics.watch_owner(lambda: lease.is_held)
    with ExitStack() as stack:
        for part in (LeaseKeeper(url, lease), upkeep, watch):  # the lease is let go last
            part.start()
            stack.callback(part.stop)
        yield
