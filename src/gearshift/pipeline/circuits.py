"""Circuits: a breaker for each deployment, so that one that fails is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gearshift.errors import Fault, UpstreamError
from gearshift.types import Deployment

# How much each failure counts towards opening. Facts about the deployment open at once; what
# another request may not meet has to happen several times in a row. A 400 about a capability or
# a client's own fault says nothing about the deployment's health.
_AT_ONCE: Final = frozenset({Fault.LOADING, Fault.BUSY, Fault.MISSING_MODEL, Fault.AUTHENTICATION})
_COUNTED: Final[Mapping[Fault, int]] = MappingProxyType(
    {
        Fault.UNREACHABLE: 1,
        Fault.FAILED: 1,
        Fault.GARBAGE: 1,
        Fault.CUT_OFF: 1,
        Fault.TIMEOUT: 2,  # each has cost a client minutes
    }
)
# Another request may succeed at once, so the wait does not grow.
_BRIEF: Final = frozenset({Fault.BUSY, Fault.LOADING})


class State(StrEnum):
    """Of a circuit."""

    CLOSED = "closed"  # requests pass
    OPEN = "open"  # none pass until the wait is over
    HALF_OPEN = "half_open"  # one request is on trial, the others do not pass


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    openings: int = 0
    until: float | None = None  # `None` while closed
    is_on_trial: bool = False
    fault: Fault = Fault.FAILED
    message: str = ""


class Circuits:
    """Opens after failures in a row, waits, lets one request try, closes when that succeeds.

    Args:
        clock: Seconds, monotonic.
        failures: How many in a row open a circuit, at least 1.
        open_seconds: The first wait; it doubles with each trial that fails.
        longest_open_seconds: The longest.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        failures: int = 5,
        open_seconds: float = 1.0,
        longest_open_seconds: float = 30.0,
    ) -> None:
        self._clock = clock
        self._failures = failures
        self._open_seconds = open_seconds
        self._longest = max(open_seconds, longest_open_seconds)
        self._circuits: dict[Deployment, _Circuit] = {}

    def admits(self, deployment: Deployment, *, as_last_resort: bool = False) -> bool:
        """Whether a request may go there; one that may is on trial if the circuit was open.

        Every admission needs one `failed`, `succeeded` or `released`.

        Args:
            deployment: Where it wants to go.
            as_last_resort: Everybody else has just failed, so it does not wait for its turn.
        """
        circuit = self._circuits.get(deployment) if self._circuits else None
        if circuit is None or circuit.until is None:
            return True
        if circuit.is_on_trial or not (as_last_resort or circuit.until <= self._clock()):
            return False
        circuit.is_on_trial = True
        return True

    def failed(self, deployment: Deployment, error: UpstreamError) -> None:
        """Note a failure; some faults say nothing about the deployment."""
        fault = error.fault
        if fault not in _AT_ONCE and fault not in _COUNTED:
            self.released(deployment)
            return
        circuit = self._circuits.setdefault(deployment, _Circuit())
        circuit.failures += _COUNTED.get(fault, self._failures)
        circuit.fault, circuit.message = fault, error.message
        if circuit.is_on_trial or circuit.failures >= self._failures:
            self._open(circuit, error.retry_after_seconds)

    def _open(self, circuit: _Circuit, retry_after_seconds: float | None) -> None:
        circuit.openings = 1 if circuit.fault in _BRIEF else circuit.openings + 1
        wait = self._open_seconds * 2.0 ** min(circuit.openings - 1, 30)
        wait = min(self._longest, max(wait, retry_after_seconds or 0.0))
        circuit.until = self._clock() + wait
        circuit.is_on_trial = False

    def succeeded(self, deployment: Deployment) -> None:
        """Close the circuit of a deployment that answered."""
        if self._circuits:
            self._circuits.pop(deployment, None)

    def released(self, deployment: Deployment) -> None:
        """A request ended without saying anything about the deployment: the client went away."""
        circuit = self._circuits.get(deployment) if self._circuits else None
        if circuit is not None:
            circuit.is_on_trial = False

    def reachable(self, deployment: Deployment, *, is_news: bool) -> None:
        """A probe has found it ready.

        Args:
            deployment: What was found.
            is_news: The probe before had not found it: whatever it failed with may be over.
        """
        circuit = self._circuits.get(deployment) if self._circuits else None
        if circuit is None:
            return
        if circuit.fault in (Fault.UNREACHABLE, Fault.MISSING_MODEL):
            self.succeeded(deployment)
        elif is_news and circuit.until is not None:
            circuit.until = min(circuit.until, self._clock())

    def is_any_open(self, upstream: str) -> bool:
        """Whether a deployment of this upstream is left alone now."""
        return any(
            deployment.upstream == upstream and circuit.until is not None
            for deployment, circuit in self._circuits.items()
        )

    def state(self, deployment: Deployment) -> State:
        """Whether requests pass."""
        circuit = self._circuits.get(deployment)
        if circuit is None or circuit.until is None:
            return State.CLOSED
        is_over = circuit.is_on_trial or circuit.until <= self._clock()
        return State.HALF_OPEN if is_over else State.OPEN

    def refusal(self, deployment: Deployment) -> UpstreamError | None:
        """Why requests do not pass, and when they may again; `None` where they do."""
        circuit = self._circuits.get(deployment)
        if circuit is None or circuit.until is None:
            return None
        return UpstreamError(
            f"left alone after: {circuit.message or circuit.fault.value}",
            fault=Fault.COOLDOWN,
            retry_after_seconds=max(0.0, circuit.until - self._clock()),
        )

    def adopt(self, other: Circuits) -> None:
        """Take over what another one knows."""
        self._circuits = other._circuits
