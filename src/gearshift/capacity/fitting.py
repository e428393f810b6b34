"""How fast a model is, and how much requests slow each other down: fitted to what was seen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from heapq import heappop, heappush
from itertools import combinations
from typing import Final

import numpy as np

from gearshift.capacity.servers import Server
from gearshift.capacity.traffic import Bools, Floats, Texts
from gearshift.capacity.workload import Speed

FEWEST: Final = 30
"""Clean requests that are needed for a fit."""
_MOST: Final = 10_000  # requests that are fitted to, the last ones
_SLOTS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
_BETTER: Final = 0.98  # of the error: fewer slots must be that much better to be believed
_SHARED: Final = 0.05  # of their time; with less, nothing is learned of how they slow each other
_ROUNDS: Final = 2
_SHORTEST: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Seen:
    """What the deployments of one model had to answer, in the order of their time.

    Attributes:
        deployment: Which of them.
        start: When each came, in seconds.
        seconds: The whole time.
        first: Until the first token; NaN where it is not known, as of answers that came at once.
        prompt: Tokens of the prompt that had to be read.
        completion: Tokens that were written.
        is_clean: Whether these say how long it takes; the others only took places.
    """

    deployment: Texts
    start: Floats
    seconds: Floats
    first: Floats
    prompt: Floats
    completion: Floats
    is_clean: Bools

    def last(self, count: int) -> Seen:
        """The last ones."""
        return Seen(*(getattr(self, field.name)[-count:] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model answers: `(overhead + prompt / prefill + completion / decode) x stretch` seconds.

    Attributes:
        speed: Of a request that is alone.
        server: Slots and slowdown.
        knows_slowdown: Whether requests overlapped, so that it is more than a cautious guess.
        error: The median of what a time differs from this, as a share of it.
        n: Clean requests that it was fitted to.
    """

    speed: Speed
    server: Server
    knows_slowdown: bool
    error: float
    n: int


class _Timeline:
    """When requests had a slot, all deployments one after the other in time, and who else had one.

    Args:
        seen: What the deployments had to answer.
        slots: Of each deployment.
    """

    def __init__(self, seen: Seen, slots: int) -> None:
        self.slots = slots
        began, end = seen.start.copy(), seen.start + seen.seconds
        for number, deployment in enumerate(np.unique(seen.deployment)):
            there = seen.deployment == deployment
            began[there] = begun(seen.start[there], end[there], slots)
            apart = number * (float(end.max() - seen.start[0]) + 1.0) - seen.start[0]
            began[there] += apart
            end[there] += apart
        times = np.concatenate((began, end))
        order = np.argsort(times, kind="stable")
        steps = np.concatenate((np.ones(len(began)), -np.ones(len(end))))[order]
        self._times = times[order]
        self._gaps = np.diff(self._times)
        self._active = np.clip(np.cumsum(steps)[:-1], 1.0, slots)
        clean = seen.is_clean
        self._began, self._end = began[clean], end[clean]
        self._first = np.maximum(self._began, (end - seen.seconds + seen.first)[clean])
        count = int(clean.sum())
        self.parts = np.stack((np.ones(count), seen.prompt[clean], seen.completion[clean]), axis=1)
        self.knows_first = np.isfinite(self._first)

    @property
    def most(self) -> int:
        """The most that were at work at once."""
        return int(self._active.max())

    @property
    def overlaps(self) -> bool:
        """Whether requests shared a deployment often enough to see what that does."""
        shared = 1.0 - self._work(1.0, self._began, self._end) / (self._end - self._began)
        return float(np.mean(shared)) > _SHARED

    def alone(self, slowdown: float) -> Floats:
        """How long each clean request would have taken alone."""
        return self._work(slowdown, self._began, self._end)

    def first_alone(self, slowdown: float) -> Floats:
        """The same until the first token, of those of which it is known."""
        known = self.knows_first
        return self._work(slowdown, self._began[known], self._first[known])

    def _work(self, slowdown: float, start: Floats, end: Floats) -> Floats:
        """What got done in each span: as much less per second as there were others at work."""
        stretch = 1.0 + slowdown * (self._active - 1.0)
        done = np.concatenate(([0.0], np.cumsum(self._gaps / stretch)))
        at_start, at_end = (np.interp(at, self._times, done) for at in (start, end))
        work: Floats = np.maximum(at_end - at_start, _SHORTEST)
        return work


def fit(seen: Seen, slots: int | None = None, slowdown: float | None = None) -> Fit:
    """Fit by least squares of relative errors, with no part below 0.

    Args:
        seen: At least `FEWEST` clean requests.
        slots: Requests at once; without it, what fits best, at most as many as there were.
        slowdown: 0-1; without it, what fits best, or 1 if requests hardly overlapped.
    """
    seen = seen.last(_MOST)
    most = _Timeline(seen, len(seen.start)).most
    tried = [slots] if slots else [most, *(one for one in reversed(_SLOTS) if one < most)]
    best: _Try | None = None
    # From the most downwards: where nothing waited, fewer slots fit alike, and more are the truth.
    for each in tried:
        timeline = _Timeline(seen, each)
        found = _best(timeline, _coarse(timeline, slowdown))
        if best is None or found.error < best.error * _BETTER:
            best = found
    assert best is not None
    timeline = best.timeline
    if slowdown is None and timeline.overlaps:
        best = _best(timeline, _fine(best.slowdown))
    overhead, prefill, decode = map(float, best.parts)
    return Fit(
        Speed(_per_second(prefill), _per_second(decode), overhead),
        Server(timeline.slots, best.slowdown),
        slowdown is not None or timeline.overlaps,
        float(
            np.median(np.abs(timeline.alone(best.slowdown) / (timeline.parts @ best.parts) - 1.0))
        ),
        len(timeline.parts),
    )


def residuals(seen: Seen, found: Fit) -> Floats:
    """How many times as much work each clean request was as its tokens say."""
    speed, timeline = found.speed, _Timeline(seen, found.server.slots)
    parts = np.array([speed.overhead, 1.0 / speed.prefill, 1.0 / speed.decode])
    expected = np.maximum(timeline.parts @ parts, _SHORTEST)
    more: Floats = timeline.alone(found.server.slowdown) / expected
    return more


def begun(start: Floats, end: Floats, slots: int) -> Floats:
    """When each request got a slot of one deployment: first come, first served.

    Args:
        start: When each came, ascending.
        end: When each ended.
        slots: How many there are.
    """
    taken: list[float] = []
    found: Floats = start.copy()
    for number, (comes, ends) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        while taken and taken[0] <= comes:
            heappop(taken)
        if len(taken) >= slots:
            found[number] = heappop(taken)
        heappush(taken, ends)
    # Who ends before it was its turn was served in another order; it waited for nothing.
    in_turn: Floats = np.where(found < end, found, start)
    return in_turn


@dataclass(frozen=True, slots=True)
class _Try:
    """A fit with stated slots and slowdown."""

    error: float
    parts: Floats
    slowdown: float
    timeline: _Timeline


def _coarse(timeline: _Timeline, stated: float | None) -> Floats:
    if stated is not None:
        return np.array([stated])
    return np.linspace(0.0, 1.0, 11) if timeline.overlaps else np.ones(1)


def _fine(around: float) -> Floats:
    steps: Floats = np.clip(around + np.linspace(-0.1, 0.1, 21), 0.0, 1.0)
    return np.unique(steps.round(2))


def _best(timeline: _Timeline, slowdowns: Floats) -> _Try:
    """The one with the least error."""
    return min((_fitted(timeline, one) for one in slowdowns.tolist()), key=lambda one: one.error)


def _fitted(timeline: _Timeline, slowdown: float) -> _Try:
    """The best parts with this slowdown."""
    until_first = timeline.parts[timeline.knows_first] * (1.0, 1.0, 0.0)
    matrix = np.concatenate((timeline.parts, until_first))
    times = np.concatenate((timeline.alone(slowdown), timeline.first_alone(slowdown)))
    weights = 1.0 / times
    for _ in range(_ROUNDS):
        parts = _not_negative(matrix * weights[:, None], times * weights)
        # By what is expected, not by what was seen: that would count short times for too much.
        weights = 1.0 / np.maximum(matrix @ parts, _SHORTEST)
    # Of logarithms: an error that neither a small expectation nor a small time makes small.
    error = float(np.mean(np.log(np.maximum(matrix @ parts, _SHORTEST) / times) ** 2))
    return _Try(error, parts, slowdown, timeline)


def _not_negative(matrix: Floats, wanted: Floats) -> Floats:
    """Least squares of three parts, none below 0: the best of all choices of which are not 0."""
    square, right = matrix.T @ matrix, matrix.T @ wanted
    best, least = np.zeros(3), np.inf
    for size in (1, 2, 3):
        for chosen in map(list, combinations(range(3), size)):
            part = np.linalg.lstsq(square[np.ix_(chosen, chosen)], right[chosen], rcond=None)[0]
            found = np.zeros(3)
            found[chosen] = part
            error = float(found @ square @ found - 2.0 * found @ right)
            if part.min() >= 0.0 and error < least:
                best, least = found, error
    return best


def _per_second(seconds: float) -> float:
    return 1.0 / seconds if seconds > 0.0 else float("inf")
