"""How fast a model is, and how much requests slow each other down: fitted to what was seen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from heapq import heappop, heappush
from itertools import combinations
from typing import Final

import numpy as np

from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.traffic import Bools, Floats, Texts
from gearshift.capacity.workload import Speed

FEWEST: Final = 30
"""Clean requests that are needed for a fit."""
_MOST: Final = 5_000  # requests that are fitted to, the last ones
_SLOTS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
_BETTER: Final = 0.98  # of the error: fewer slots must be that much better to be believed
_SHARED: Final = 0.05  # of their time; with less, nothing is learned of how they slow each other
_ROUNDS: Final = 2
_PASSES: Final = 3
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
    """How a model answers: `overhead + prompt / prefill + completion / decode x stretch` seconds.

    Attributes:
        speed: Of a request that is alone.
        server: Slots and slowdown.
        knows_slowdown: Whether requests overlapped, so that it is more than a cautious guess.
        error: The median of what a time differs from this, as a share of it.
        n: Clean requests that it was fitted to.
    """

    speed: Speed
    server: BatchingServer
    knows_slowdown: bool
    error: float
    n: int


class _Timeline:
    """What the requests had of their deployments, if these had so many slots and read so fast.

    Args:
        seen: What the deployments had to answer.
        slots: Of each deployment.
        per_token: Seconds to read a token of a prompt.
    """

    def __init__(self, seen: Seen, slots: int, per_token: float) -> None:
        self.slots = slots
        end = seen.start + seen.seconds
        prompt = np.nan_to_num(seen.prompt)
        began, reads, at = seen.start.copy(), seen.start.copy(), np.zeros(len(end))
        apart = float(end.max() - seen.start[0]) + 1.0  # one deployment after the other in time
        for number, deployment in enumerate(np.unique(seen.deployment)):
            there = seen.deployment == deployment
            began[there] = begun(seen.start[there], end[there], slots)
            reads[there] = _one_by_one(began[there], per_token * prompt[there])
            at[there] = number * apart - seen.start[0]
        # Who was done before it would have been read was read faster than most.
        done = np.minimum(reads + per_token * prompt, end)
        reads = np.minimum(reads, done)
        clean = seen.is_clean
        order = np.argsort(reads + at, kind="stable")
        read_at, read = (reads + at)[order], np.concatenate(([0.0], np.cumsum(prompt[order])))
        after = np.searchsorted(read_at, (done + at)[clean], side="left")
        until = np.searchsorted(read_at, (end + at)[clean], side="left")
        self.others = read[np.maximum(until, after)] - read[after]  # tokens that held it up
        self.prompt, self.completion = seen.prompt[clean], seen.completion[clean]
        self.seconds = np.maximum((end - reads)[clean], _SHORTEST)
        self.first = np.maximum((seen.start + seen.first - reads)[clean], _SHORTEST)
        self.knows_first = np.isfinite(self.first)
        self._writing = _Writing(done + at, end + at, read_at, (done + at)[order], slots, clean)
        self.overlaps = bool(self._writing.stretch(1.0).mean() > 1.0 + _SHARED)

    @property
    def most(self) -> int:
        """The most that were at work at once."""
        return self._writing.most

    def parts(self, slowdown: float) -> Floats:
        """What times are made of: overhead, tokens that were read, and tokens written."""
        stretch = self._writing.stretch(slowdown)
        one = np.ones(len(self.prompt))
        return np.stack((one, self.prompt + self.others, self.completion * stretch), axis=1)

    def until_first(self) -> Floats:
        """The same of the time to the first token, of those of which it is known."""
        prompt = self.prompt[self.knows_first]
        return np.stack((np.ones(len(prompt)), prompt, np.zeros(len(prompt))), axis=1)


class _Writing:
    """How many answers were in progress at each moment, without those in which prompts were read.

    Args:
        done: When each prompt was read.
        end: When each answer ended.
        read_at: When reading began, ascending.
        read_until: When the same ended.
        slots: The most at once.
        clean: Which requests are asked for.
    """

    def __init__(
        self,
        done: Floats,
        end: Floats,
        read_at: Floats,
        read_until: Floats,
        slots: int,
        clean: Bools,
    ) -> None:
        times = np.concatenate((done, end, read_at, read_until))
        order = np.argsort(times, kind="stable")
        zeros, ones = np.zeros(len(done)), np.ones(len(done))
        answers = np.concatenate((ones, -ones, zeros, zeros))[order]
        reading = np.concatenate((zeros, zeros, ones, -ones))[order]
        self._times = times[order]
        self._gaps = np.diff(self._times) * (np.cumsum(reading)[:-1] <= 0)
        self._active = np.clip(np.cumsum(answers)[:-1], 1.0, slots)
        self._span = done[clean], end[clean]

    @property
    def most(self) -> int:
        """The most that were in progress at once."""
        return int(self._active.max())

    def stretch(self, slowdown: float) -> Floats:
        """How many times as long as alone each was written."""
        took = self._within(self._gaps)
        alone = self._within(self._gaps / (1.0 + slowdown * (self._active - 1.0)))
        stretch: Floats = np.where(alone > 0.0, took / np.maximum(alone, 1e-12), 1.0)
        return stretch

    def _within(self, gaps: Floats) -> Floats:
        area = np.concatenate(([0.0], np.cumsum(gaps)))
        start, end = (np.interp(at, self._times, area) for at in self._span)
        within: Floats = end - start
        return within


def fit(seen: Seen, slots: int | None = None, slowdown: float | None = None) -> Fit:
    """Fit by least squares of relative errors, with no part below 0.

    Args:
        seen: At least `FEWEST` clean requests.
        slots: Requests at once; without it, what fits best, at most as many as there were.
        slowdown: 0-1; without it, what fits best, or 1 if requests hardly overlapped.
    """
    seen = seen.last(_MOST)
    most = _Timeline(seen, len(seen.start), 0.0).most
    tried = [slots] if slots else [most, *(one for one in reversed(_SLOTS) if one < most)]
    # Who held up whom is known once it is known how fast prompts are read, and the reverse.
    per_token = 0.0
    for _ in range(_PASSES):
        best = _best_slots(seen, tried, slowdown, per_token)
        per_token = float(best.parts[1])
    timeline = best.timeline
    if slowdown is None and timeline.overlaps:
        best = _best(timeline, _fine(best.slowdown))
    overhead, prefill, decode = map(float, best.parts)
    return Fit(
        Speed(_per_second(prefill), _per_second(decode), overhead),
        BatchingServer(timeline.slots, best.slowdown),
        slowdown is not None or timeline.overlaps,
        float(np.median(np.abs(timeline.seconds / best.expected - 1.0))),
        len(timeline.seconds),
    )


def residuals(seen: Seen, found: Fit) -> Floats:
    """How many times as much work each clean request was as its tokens say."""
    speed, server = found.speed, found.server
    timeline = _Timeline(seen, server.slots, 1.0 / speed.prefill)
    parts = np.array([speed.overhead, 1.0 / speed.prefill, 1.0 / speed.decode])
    expected = timeline.parts(server.slowdown) @ parts
    # Of what is its own: overhead and others' prompts are what they are.
    own = expected - speed.overhead - timeline.others / speed.prefill
    more: Floats = (timeline.seconds - expected) / np.maximum(own, _SHORTEST) + 1.0
    return np.maximum(more, 0.0)


def _best_slots(seen: Seen, tried: list[int], slowdown: float | None, per_token: float) -> _Try:
    """The best fit; where nothing waited, fewer slots fit alike, and more are the truth."""
    best: _Try | None = None
    for each in tried:
        timeline = _Timeline(seen, each, per_token)
        found = _best(timeline, _coarse(timeline, slowdown))
        if best is None or found.error < best.error * _BETTER:
            best = found
    assert best is not None
    return best


def _one_by_one(comes: Floats, takes: Floats) -> Floats:
    """When each is begun by one who does one at a time, in the order of their coming."""
    order = np.argsort(comes, kind="stable")
    found = comes.copy()
    free = -np.inf
    for number in order.tolist():
        found[number] = max(comes[number], free)
        free = found[number] + takes[number]
    return found


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

    @property
    def expected(self) -> Floats:
        """The times that it says."""
        times: Floats = np.maximum(self.timeline.parts(self.slowdown) @ self.parts, _SHORTEST)
        return times


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
    matrix = np.concatenate((timeline.parts(slowdown), timeline.until_first()))
    times = np.concatenate((timeline.seconds, timeline.first[timeline.knows_first]))
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
