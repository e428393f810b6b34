"""Simulates the deployments of one tier, request by request, on SimPy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.workload import Floats, Workload
from gearshift.extras import extra

if TYPE_CHECKING:  # SimPy is imported only when something is simulated
    from simpy import Environment, Event


class Balancing(StrEnum):
    """Which deployment a request goes to."""

    LEAST_BUSY = "least-busy"  # as gearshift's prefix affinity for new prompts, or `least_conn`
    RANDOM = "random"  # as a Kubernetes Service


@dataclass(frozen=True, slots=True)
class Times:
    """Of the requests of a run, without those at its beginning and end; seconds.

    Attributes:
        waited: Until a slot was free.
        first: Until the first token.
        total: Until the end.
        in_flight: The mean number of requests that were there, waiting ones included.
        seconds: How long the run was, without beginning and end.
    """

    waited: Floats
    first: Floats
    total: Floats
    in_flight: float
    seconds: float


def simulate(
    workload: Workload,
    server: BatchingServer,
    count: int,
    *,
    requests: int,
    warm_up: int,
    seed: int,
    balancing: Balancing = Balancing.LEAST_BUSY,
) -> Times:
    """Send requests to `count` equal deployments, which are empty at first.

    Args:
        workload: What arrives at all of them together.
        server: Each of them.
        count: How many there are, at least 1.
        requests: How many requests are reported.
        warm_up: How many come before those, and after them, and are not.
        seed: Another one gives other arrivals and other work.
        balancing: Where requests go.

    Raises:
        MissingExtraError: SimPy is not installed.
    """
    with extra("plan", "a simulation"):
        from simpy import Environment
    rng = np.random.default_rng(seed)
    total = warm_up + requests + warm_up
    environment = Environment()
    run = _Run(total)
    deployments = [_Deployment(environment, server, run) for _ in range(count)]
    choose = _chooser(deployments, balancing, rng)
    first, rest = workload.draws(total, rng)
    gaps = workload.gaps(total, rng)
    environment.process(_arrivals(environment, run, choose, gaps, first, rest))
    environment.run()
    return run.times(slice(warm_up, warm_up + requests), workload.overhead)


def _arrivals(
    environment: Environment,
    run: _Run,
    choose: Callable[[], _Deployment],
    gaps: Floats,
    first: Floats,
    rest: Floats,
) -> Generator[Event, None, None]:
    for number, gap in enumerate(gaps.tolist()):
        yield environment.timeout(gap)
        run.arrived[number] = environment.now
        choose().take((number, float(first[number]), float(rest[number])))


def _chooser(
    deployments: list[_Deployment], balancing: Balancing, rng: np.random.Generator
) -> Callable[[], _Deployment]:
    if len(deployments) == 1:
        return lambda: deployments[0]
    if balancing is Balancing.RANDOM:
        return lambda: deployments[int(rng.random() * len(deployments))]

    def least_busy() -> _Deployment:
        busy = [deployment.busy for deployment in deployments]
        least = min(busy)
        # Of several the next one in turn from a random place: the first would get all small loads.
        start = int(rng.random() * len(busy))
        try:
            return deployments[busy.index(least, start)]
        except ValueError:
            return deployments[busy.index(least)]

    return least_busy


class _Run:
    """When each request arrived, was begun, had its first token and ended."""

    def __init__(self, total: int) -> None:
        self.arrived, self.begun, self.first, self.ended = np.zeros((4, total))

    def times(self, kept: slice, overhead: float) -> Times:
        """Of some of them; `overhead` passes outside the deployments.

        The mean in flight is that of the span in which these arrive, whoever is there in it.
        """
        arrived = self.arrived[kept]
        start, end = arrived[0], arrived[-1]
        there = np.minimum(self.ended, end) - np.maximum(self.arrived, start)
        return Times(
            self.begun[kept] - arrived,
            self.first[kept] - arrived + overhead,
            self.ended[kept] - arrived + overhead,
            float(np.maximum(there, 0.0).sum() / (end - start)),
            float(end - start),
        )


Job = tuple[int, float, float]
"""A request's number, its work to the first token, and its work after it."""


class _Deployment:
    """One server: it reads a prompt, or writes all answers in progress, which advance equally.

    `_done` is the work that an answer has got that was there from the beginning. One whose work
    is `w` and that begins at `_done = d` ends at `d + w`, whoever else comes and goes; only when
    that is changes. So there is one timer: the end of what is read, or the next end of an answer.
    """

    __slots__ = (
        "_done",
        "_ends",
        "_environment",
        "_now",
        "_pace",
        "_reading",
        "_run",
        "_server",
        "_timer",
        "_waiting",
        "busy",
    )

    def __init__(self, environment: Environment, server: BatchingServer, run: _Run) -> None:
        self._environment = environment
        self._server = server
        self._run = run
        self._waiting: deque[Job] = deque()
        self._reading: deque[Job] = deque()
        self._ends: list[tuple[float, int]] = []
        self._done = self._now = 0.0
        self._pace = 1.0  # seconds for a second of work
        self._timer: object = None
        self.busy = 0

    def take(self, job: Job) -> None:
        """A request has arrived."""
        self.busy += 1
        if self.busy > self._server.slots:
            self._waiting.append(job)
        else:
            self._begin(job)

    def _begin(self, job: Job) -> None:
        """It has a slot; answers in progress stand still while prompts are read."""
        self._run.begun[job[0]] = self._environment.now
        if not self._reading:
            self._advance()
        self._reading.append(job)
        if len(self._reading) == 1:
            self._set_timer()

    def _advance(self) -> None:
        """Bring the work done up to now."""
        if self._ends:
            self._done += (self._environment.now - self._now) / self._pace

    def _set_timer(self) -> None:
        self._now = self._environment.now
        if self._reading:
            delay = self._reading[0][1]
        elif self._ends:
            self._pace = self._server.stretch(len(self._ends))
            delay = max(0.0, (self._ends[0][0] - self._done) * self._pace)
        else:
            return
        self._timer = timer = self._environment.timeout(delay)
        timer.callbacks.append(self._ring)

    def _ring(self, timer: object) -> None:
        """A prompt is read or an answer ends, unless the timer was moved."""
        if timer is not self._timer:
            return
        if self._reading:
            number, _, rest = self._reading.popleft()
            self._run.first[number] = self._environment.now
            heappush(self._ends, (self._done + rest, number))
        else:
            # To the last digit where it ends, so that rounding never leaves it a little to do.
            self._done, number = heappop(self._ends)
            self._run.ended[number] = self._environment.now
            self.busy -= 1
            if self._waiting:
                self._now = self._environment.now
                self._begin(self._waiting.popleft())
                return
        self._set_timer()
