"""RayEngine: works on parts as tasks of a Ray cluster, or of one that it starts on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from gearshift.errors import GearshiftError
from gearshift.extras import extra
from gearshift.offline.engine import PartWork, attempt
from gearshift.offline.parts import FilePart

with extra("ray", "--engine ray"):
    import ray

R = TypeVar("R")

ADDRESS: Final = "RAY_ADDRESS"
"""Where the cluster is, as all of Ray's programs read it."""
_RETRIES: Final = 3


class RayEngine:
    """An engine; each task sees the files under the same paths as this process does.

    Args:
        workers: How many CPUs a cluster on this machine gets; one that runs already has its own.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def map(self, work: PartWork[R], parts: Sequence[FilePart]) -> Iterator[tuple[FilePart, R]]:
        """See `Engine`."""
        with self._cluster():
            task = ray.remote(max_retries=_RETRIES)(attempt)
            shared = ray.put(work)
            waiting = iter(parts)
            most = 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
            running: dict[Any, FilePart] = {}
            while True:
                while len(running) < most and (part := next(waiting, None)) is not None:
                    running[task.remote(shared, part)] = part
                if not running:
                    return
                done, _ = ray.wait(list(running))
                for reference in done:
                    part = running.pop(reference)
                    yield part, _result(reference, part)

    @contextmanager
    def _cluster(self) -> Iterator[None]:
        """Connected for as long as there is work; what is started here ends here."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        address = os.environ.get(ADDRESS)
        own = {} if address else {"num_cpus": self._workers, "include_dashboard": False}
        try:
            ray.init(address or "local", logging_level="ERROR", log_to_driver=False, **own)
        except (ConnectionError, RuntimeError, OSError, ValueError) as error:
            where = f"{ADDRESS}={address}" if address else "a cluster on this machine"
            raise GearshiftError(f"{where}: Ray cannot be reached: {error}") from error
        try:
            yield
        finally:
            ray.shutdown()


def _result(reference: Any, part: FilePart) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, GearshiftError):
            raise GearshiftError(str(cause)) from error
        raise GearshiftError(f"{part}: {cause}") from error
    except ray.exceptions.RayError as error:
        raise GearshiftError(f"{part}: a task on the Ray cluster was lost: {error}") from error
