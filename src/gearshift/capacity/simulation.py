"""Simulates the deployments of one tier, request by request, on SimPy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

import numpy as np

from gearshift.capacity.servers import Server
from gearshift.capacity.workload import Floats, Workload
from gearshift.extras import extra

if TYPE_CHECKING:  # SimPy is imported only when something is simulated
    from simpy import Environment, Event

EXTRA: Final = "plan"


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
    server: Server,
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
    with extra(EXTRA, "a simulation"):
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
    return run.times(slice(warm_up, warm_up + requests))


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

    def times(self, kept: slice) -> Times:
        """Of some of them.

        The mean in flight is that of the span in which these arrive, whoever is there in it.
        """
        arrived = self.arrived[kept]
        start, end = arrived[0], arrived[-1]
        there = np.minimum(self.ended, end) - np.maximum(self.arrived, start)
        return Times(
            self.begun[kept] - arrived,
            self.first[kept] - arrived,
            self.ended[kept] - arrived,
            float(np.maximum(there, 0.0).sum() / (end - start)),
            float(end - start),
        )


Job = tuple[int, float, float]
"""A request's number, its work to the first token, and its work after it."""


class _Deployment:
    """One server: all at work advance equally, so one clock of work done serves them all.

    `_done` is the work that a request has got that was there from the beginning. A request whose
    work is `w` and that begins at `_done = d` ends at `d + w`, whoever else comes and goes; only
    when that is changes. So each arrival and each end moves one timer: the next end.
    """

    __slots__ = (
        "_active",
        "_clock",
        "_done",
        "_ends",
        "_environment",
        "_firsts",
        "_now",
        "_pace",
        "_run",
        "_server",
        "_timer",
        "_waiting",
        "busy",
    )

    def __init__(self, environment: Environment, server: Server, run: _Run) -> None:
        self._environment = environment
        self._server = server
        self._run = run
        self._waiting: deque[Job] = deque()
        self._ends: list[tuple[float, int]] = []
        self._firsts: list[tuple[float, int]] = []
        self._active = 0
        self._done = self._now = 0.0
        self._pace = 1.0  # seconds for a second of work
        self._timer: object = None
        self.busy = 0

    def take(self, job: Job) -> None:
        """A request has arrived."""
        self.busy += 1
        if self._active == self._server.slots:
            self._waiting.append(job)
            return
        self._advance()
        self._begin(job)
        self._set_timer()

    def _begin(self, job: Job) -> None:
        number, first, rest = job
        self._run.begun[number] = self._now
        self._active += 1
        heappush(self._firsts, (self._done + first, number))
        heappush(self._ends, (self._done + first + rest, number))

    def _advance(self) -> None:
        """Bring the work done up to now; first tokens on the way change nothing but their time."""
        now = self._environment.now
        if self._active:
            done = self._done + (now - self._now) / self._pace
            self._tell_firsts(done)
            self._done = done
        self._now = now

    def _tell_firsts(self, done: float) -> None:
        firsts = self._firsts
        while firsts and firsts[0][0] <= done:
            at, number = heappop(firsts)
            self._run.first[number] = self._now + (at - self._done) * self._pace

    def _set_timer(self) -> None:
        if not self._active:
            return
        self._pace = self._server.stretch(self._active)
        delay = max(0.0, (self._ends[0][0] - self._done) * self._pace)
        self._timer = timer = self._environment.timeout(delay)
        timer.callbacks.append(self._ring)

    def _ring(self, timer: object) -> None:
        """The next request ends, unless the timer was moved."""
        if timer is not self._timer:
            return
        self._advance()
        # To the last digit where it ends, so that rounding never leaves it a little to do.
        self._done, number = heappop(self._ends)
        self._tell_firsts(self._done)
        self._run.ended[number] = self._now
        self._active -= 1
        self.busy -= 1
        if self._waiting:
            self._begin(self._waiting.popleft())
        self._set_timer()
