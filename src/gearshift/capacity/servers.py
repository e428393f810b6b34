"""How a deployment serves several requests at once, and how much of it a load takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Server:
    """A deployment with continuous batching.

    Up to `slots` requests are worked on at once; the others wait, first come, first served. With
    `n` at work each takes `1 + slowdown x (n - 1)` times as long as alone: a step of the batch
    costs a fixed part, above all reading the weights, and a part for each request in it.

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
        """Work per second with all slots taken, where 1 is what a single request gets done."""
        return self.slots / self.stretch(self.slots)

    def in_flight(self, load: float) -> float:
        """About how many are at work under a load (work per second) below the capacity.

        It is the `n` at which as much is done as arrives: `n / stretch(n) = load`. With gaps in
        between, because nothing is smooth, there are more.
        """
        if load * self.slowdown >= 1.0:
            return float(self.slots)
        smooth = load * (1.0 - self.slowdown) / (1.0 - load * self.slowdown)
        return min(float(self.slots), max(load, smooth))
