"""Cooldown: how long a deployment that failed is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gearshift.errors import Fault
from gearshift.types import Deployment

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0

# A 400 about a capability or a client's own fault says nothing about the deployment's health,
# and a stream that was cut off may well be answered next time.
_COUNTED = frozenset(
    {
        Fault.UNREACHABLE,
        Fault.TIMEOUT,
        Fault.LOADING,
        Fault.BUSY,
        Fault.MISSING_MODEL,
        Fault.AUTHENTICATION,
        Fault.FAILED,
        Fault.GARBAGE,
    }
)
# Another request may succeed at once, so the wait does not grow.
_BRIEF = frozenset({Fault.BUSY, Fault.LOADING})


@dataclass(slots=True)
class _Entry:
    failures: int
    until: float
    fault: Fault
    message: str


class Cooldown:
    """Remembers failures of deployments; waits double from 1 s up to 30 s, success clears.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: dict[Deployment, _Entry] = {}

    def failed(
        self,
        deployment: Deployment,
        fault: Fault,
        message: str = "",
        retry_after_seconds: float | None = None,
    ) -> None:
        """Note a failure; some faults are no reason to leave the deployment alone."""
        if fault not in _COUNTED:
            return
        known = self._entries.get(deployment)
        failures = 1 if known is None or fault in _BRIEF else known.failures + 1
        wait = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (failures - 1))
        if retry_after_seconds is not None:
            wait = min(LONGEST_SECONDS, max(wait, retry_after_seconds))
        self._entries[deployment] = _Entry(failures, self._clock() + wait, fault, message)

    def succeeded(self, deployment: Deployment) -> None:
        """Forget the failures of a deployment that answered, or that a probe found ready."""
        if self._entries:
            self._entries.pop(deployment, None)

    def active(self, deployment: Deployment) -> tuple[Fault, str] | None:
        """The fault and message for which a deployment is being left alone, or `None`."""
        entry = self._entries.get(deployment)
        if entry is None or entry.until <= self._clock():
            return None
        return entry.fault, entry.message
