"""Circuit breakers, one for each deployment: one that fails is not asked for a while."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType, TracebackType
from typing import Final, NamedTuple

from gearshift.errors import FailureKind, UpstreamError
from gearshift.types import Deployment

# How much each failure counts towards opening. Facts about the deployment open at once; what
# another request may not meet has to happen several times in a row. A 400 about a capability or
# a client's own fault says nothing about the deployment's health.
_AT_ONCE: Final = frozenset(
    {FailureKind.LOADING, FailureKind.BUSY, FailureKind.MISSING_MODEL, FailureKind.AUTHENTICATION}
)
_COUNTED: Final[Mapping[FailureKind, int]] = MappingProxyType(
    {
        FailureKind.UNREACHABLE: 1,
        FailureKind.FAILED: 1,
        FailureKind.GARBAGE: 1,
        FailureKind.CUT_OFF: 1,
        FailureKind.TIMEOUT: 2,  # each has cost a client minutes
    }
)
# Another request may succeed at once, so the wait does not grow.
_BRIEF: Final = frozenset({FailureKind.BUSY, FailureKind.LOADING})


class State(StrEnum):
    """Of a circuit."""

    CLOSED = "closed"  # requests pass
    OPEN = "open"  # none pass until the wait is over
    HALF_OPEN = "half_open"  # one request is on trial, the others do not pass


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    broken_off: int = 0  # the same for answers that had begun; only a whole one clears it
    openings: int = 0
    until: float | None = None  # `None` while closed
    trial: Attempt | None = None  # the one request that may try
    fault: FailureKind = FailureKind.FAILED
    message: str = ""


class Opened(NamedTuple):
    """An open circuit, as others have to know it.

    Attributes:
        seconds: Until a request may try; 0 or below where one may.
        openings: How often it has opened without an answer in between.
        fault: What the deployment failed with.
        message: What it said.
    """

    seconds: float
    openings: int
    fault: FailureKind
    message: str


class Attempt:
    """One request at a deployment: leaving its context tells the circuit how it ended.

    Without an exception it has begun to answer; with an `UpstreamError` it has failed; whatever
    else ends it (a client that goes away, a defect) says nothing about the deployment. A trial
    ends with its attempt in any case.
    """

    __slots__ = ("_circuits", "_deployment", "_is_last_resort")

    def __init__(
        self, circuits: CircuitBreakers, deployment: Deployment, is_last_resort: bool
    ) -> None:
        self._circuits = circuits
        self._deployment = deployment
        self._is_last_resort = is_last_resort

    def __enter__(self) -> None:
        self._circuits.check(self._deployment, as_last_resort=self._is_last_resort)
        self._circuits._begin(self._deployment, self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._circuits._end(self._deployment, self, error)


class CircuitBreakers:
    """Opens after failures in a row, waits, lets one request try, closes when that succeeds.

    Example:
        with circuits.attempt(deployment):
            frames = await provider.send(request, deployment.model)

    Args:
        clock: Seconds, monotonic.
        failures: How many in a row open a circuit, at least 1.
        open_seconds: The first wait; it doubles with each trial that fails.
        longest_open_seconds: The longest.

    Attributes:
        changed: Told of a deployment whose circuit has opened or closed by what happened here.
    """

    changed: Callable[[Deployment], None] | None = None

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

    def attempt(self, deployment: Deployment, *, as_last_resort: bool = False) -> Attempt:
        """A context for one request there; entering it raises what `check` raises.

        Args:
            deployment: Where it wants to go.
            as_last_resort: Everybody else has just failed, so it does not wait for its turn.
        """
        return Attempt(self, deployment, as_last_resort)

    def check(self, deployment: Deployment, *, as_last_resort: bool = False) -> None:
        """Find out whether a request may go there now.

        Raises:
            UpstreamError: `COOLDOWN`: the circuit is open, or another request is on trial.
        """
        circuit = self._circuits.get(deployment)
        if circuit is None or circuit.until is None:
            return
        if circuit.trial is not None or not (as_last_resort or circuit.until <= self._clock()):
            raise _refusal(circuit, circuit.until - self._clock())

    def _begin(self, deployment: Deployment, attempt: Attempt) -> None:
        circuit = self._circuits.get(deployment)
        if circuit is not None and circuit.until is not None:
            circuit.trial = attempt

    def _end(self, deployment: Deployment, attempt: Attempt, error: BaseException | None) -> None:
        circuit = self._circuits.get(deployment)
        is_trial = circuit is not None and circuit.trial is attempt
        if is_trial and circuit is not None:
            circuit.trial = None
        if error is None:
            self._begun(deployment)
        elif isinstance(error, UpstreamError):
            self._failed(deployment, error, is_trial=is_trial)

    def _begun(self, deployment: Deployment) -> None:
        """Let others in: it answers. Whether its answers come to their end is yet to be seen."""
        circuit = self._circuits.get(deployment)
        if circuit is None or not circuit.broken_off:
            self.succeeded(deployment)
        else:
            was_open = circuit.until is not None
            circuit.failures, circuit.until = 0, None
            self._tell(deployment, is_news=was_open)

    def failed(self, deployment: Deployment, error: UpstreamError) -> None:
        """Note a failure outside an attempt: an answer broke off after its first content.

        The next answer that begins well does not make good for it, only one that ends well: an
        upstream whose answers all break off harms everybody who is sent there.
        """
        self._failed(deployment, error, is_trial=False, has_begun=True)

    def _failed(
        self,
        deployment: Deployment,
        error: UpstreamError,
        *,
        is_trial: bool,
        has_begun: bool = False,
    ) -> None:
        fault = error.fault
        if fault not in _AT_ONCE and fault not in _COUNTED:
            return  # it says nothing about the deployment
        circuit = self._circuits.setdefault(deployment, _Circuit())
        if circuit.until is not None and not is_trial:
            return  # it was under way when the circuit opened: no news, and no longer wait
        weight = _COUNTED.get(fault, self._failures)
        circuit.failures += 0 if has_begun else weight
        # Bounded, so that it opens again at the first one after a trial.
        circuit.broken_off = min(self._failures, circuit.broken_off + weight * has_begun)
        circuit.fault, circuit.message = fault, error.message
        if is_trial or circuit.failures + circuit.broken_off >= self._failures:
            self._open(circuit, error.retry_after_seconds)
            self._tell(deployment)

    def _open(self, circuit: _Circuit, retry_after_seconds: float | None) -> None:
        circuit.openings = 1 if circuit.fault in _BRIEF else circuit.openings + 1
        wait = self._open_seconds * 2.0 ** min(circuit.openings - 1, 30)
        wait = min(self._longest, max(wait, retry_after_seconds or 0.0))
        circuit.until = self._clock() + wait

    def succeeded(self, deployment: Deployment) -> None:
        """Close the circuit of a deployment whose answer has come to its end."""
        circuit = self._circuits.pop(deployment, None)
        if circuit is not None:
            self._tell(deployment, is_news=circuit.until is not None)

    def _tell(self, deployment: Deployment, *, is_news: bool = True) -> None:
        if is_news and self.changed is not None:
            self.changed(deployment)

    def is_due(self, deployment: Deployment) -> bool:
        """Whether its circuit is open, and the next request would be its trial."""
        circuit = self._circuits.get(deployment)
        return (
            circuit is not None
            and circuit.until is not None
            and circuit.trial is None
            and circuit.until <= self._clock()
        )

    def is_probing(self, deployment: Deployment) -> bool:
        """Whether a request is on trial there."""
        circuit = self._circuits.get(deployment)
        return circuit is not None and circuit.trial is not None

    def open_ones(self) -> dict[Deployment, Opened]:
        """All open circuits."""
        now = self._clock()
        return {
            deployment: Opened(c.until - now, c.openings, c.fault, c.message)
            for deployment, c in self._circuits.items()
            if c.until is not None
        }

    def opened_elsewhere(self, deployment: Deployment, opened: Opened) -> None:
        """Others have found it failing; a trial that is under way here goes on."""
        circuit = self._circuits.setdefault(deployment, _Circuit())
        if circuit.trial is None:
            circuit.until = self._clock() + opened.seconds
            circuit.openings = opened.openings
            circuit.fault, circuit.message = opened.fault, opened.message

    def closed_elsewhere(self, deployment: Deployment) -> None:
        """Others have had an answer from it."""
        circuit = self._circuits.get(deployment)
        if circuit is not None and circuit.trial is None:
            del self._circuits[deployment]

    def postpone(self, deployment: Deployment, seconds: float) -> UpstreamError:
        """Let nobody try for a while: somebody else does; the error that says so."""
        circuit = self._circuits[deployment]
        circuit.until = self._clock() + seconds
        return _refusal(circuit, seconds)

    def reachable(self, deployment: Deployment, *, is_news: bool) -> None:
        """A probe has found it ready.

        Args:
            deployment: What was found.
            is_news: The probe before had not found it: whatever it failed with may be over.
        """
        circuit = self._circuits.get(deployment)
        if circuit is None:
            return
        if circuit.fault in (FailureKind.UNREACHABLE, FailureKind.MISSING_MODEL):
            self._begun(deployment)
        elif is_news and circuit.until is not None:
            circuit.until = min(circuit.until, self._clock())

    def failing_at(self, upstream: str) -> list[Deployment]:
        """The deployments of an upstream whose last request failed."""
        return [deployment for deployment in self._circuits if deployment.upstream == upstream]

    def is_any_open(self, upstream: str) -> bool:
        """Whether the circuit of a deployment of this upstream is open."""
        return any(
            deployment.upstream == upstream and circuit.until is not None
            for deployment, circuit in self._circuits.items()
        )

    def state(self, deployment: Deployment) -> State:
        """Whether requests pass."""
        circuit = self._circuits.get(deployment)
        if circuit is None or circuit.until is None:
            return State.CLOSED
        is_over = circuit.trial is not None or circuit.until <= self._clock()
        return State.HALF_OPEN if is_over else State.OPEN

    def passes(self, deployment: Deployment) -> bool:
        """Whether a request may go there now."""
        circuit = self._circuits.get(deployment)
        if circuit is None or circuit.until is None:
            return True
        return circuit.trial is None and circuit.until <= self._clock()

    def refusal(self, deployment: Deployment) -> UpstreamError | None:
        """Why requests do not pass, and when they may again; `None` where they do."""
        circuit = self._circuits.get(deployment)
        if circuit is None or circuit.until is None:
            return None
        return _refusal(circuit, circuit.until - self._clock())

    def carry_over(self, previous: CircuitBreakers, unchanged: Collection[str]) -> None:
        """Go on with all circuits; those of changed upstreams are closed after the change."""
        self._circuits = previous._circuits


def _refusal(circuit: _Circuit, seconds: float) -> UpstreamError:
    return UpstreamError(
        f"circuit open after: {circuit.message or circuit.fault.value}",
        fault=FailureKind.COOLDOWN,
        retry_after_seconds=max(0.0, seconds),
    )
