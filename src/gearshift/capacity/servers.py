"""How a deployment serves several requests at once, and how much of it a load takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatchingServer:
    """A deployment with continuous batching.

    Up to `slots` requests have a place; the others wait, first come, first served. Prompts are read
    one after the other, and meanwhile nothing is written: reading takes all that a processor can
    do. With `n` answers in progress each takes `1 + slowdown x (n - 1)` times as long as alone: a
    step of the batch costs a fixed part, above all reading the weights, and a part for each.

    Attributes:
        slots: Requests at once, at least 1 (llama.cpp: `--parallel`; vLLM: `--max-num-seqs`).
        slowdown: 0: batching is free; 1: the requests share what one would have had, as on a
            processor; in between, near 0: graphics cards.
    """

    slots: int
    slowdown: float = 0.0

    def stretch(self, active: float) -> float:
        """How many times as long a request takes with so many at work."""
        return 1.0 + self.slowdown * (min(max(active, 1.0), self.slots) - 1.0)

    @property
    def capacity(self) -> float:
        """Writing per second with all slots taken, where 1 is what a single answer gets done."""
        return self.slots / self.stretch(self.slots)

    def busy(self, reading: float, writing: float) -> float:
        """How many deployments so much work per second takes, if they did nothing else."""
        return reading + writing / self.capacity

    def in_flight(self, load: float) -> float:
        """About how many answers are in progress under a load (writing per second).

        It is the `n` at which as much is done as arrives: `n / stretch(n) = load`. With gaps in
        between, because nothing is smooth, there are more.
        """
        if load * self.slowdown >= 1.0:
            return float(self.slots)
        smooth = load * (1.0 - self.slowdown) / (1.0 - load * self.slowdown)
        return min(float(self.slots), max(load, smooth))
