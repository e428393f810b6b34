"""What arrives at one tier: how often, and how much work each request is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SIZES: Final = 20_000  # requests that stand for a distribution that is stated
_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests for one tier.

    Work is measured in seconds that a deployment needs for a request while it has no other.

    Attributes:
        rate: Requests per second, above 0.
        first: Work until the first token, of each request of the sample.
        rest: Work from there to the end, of the same requests.
        dispersion: Variance of the number of arrivals in a long span, divided by its mean: 1 for
            arrivals that know nothing of each other (Poisson), more for bursts; above 0.
        prompt: Mean tokens of a prompt that are read, for the accounts.
        completion: Mean tokens of an answer, for the accounts.
        overhead: Seconds of each request in which no deployment works, as of networks.
    """

    rate: float
    first: Floats
    rest: Floats
    dispersion: float = 1.0
    prompt: float = 0.0
    completion: float = 0.0
    overhead: float = 0.0

    @property
    def mean(self) -> float:
        """The mean time of a request that is alone, without overhead, in seconds."""
        return float(self.first.mean() + self.rest.mean())

    @property
    def reading(self) -> float:
        """Work until first tokens that arrives per second."""
        return self.rate * float(self.first.mean())

    @property
    def writing(self) -> float:
        """Work after first tokens that arrives per second."""
        return self.rate * float(self.rest.mean())

    def at_rate(self, rate: float) -> Workload:
        """The same requests, more or less often."""
        return replace(self, rate=rate)

    def gaps(self, count: int, rng: np.random.Generator) -> Floats:
        """Seconds between arrivals: independent, gamma distributed, with the stated dispersion.

        The dispersion of a renewal process tends to the squared coefficient of variation of its
        gaps, which for a gamma distribution is the inverse of its shape.
        """
        return rng.gamma(1.0 / self.dispersion, self.dispersion / self.rate, count)

    def draws(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """The work of so many requests, drawn from the sample: to the first token, and after it."""
        numbers = rng.integers(0, len(self.first), count)
        return self.first[numbers], self.rest[numbers]


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model answers a request that it has alone.

    Attributes:
        prefill: Tokens of the prompt that it reads per second.
        decode: Tokens of the answer that it writes per second.
        overhead: Seconds for each request whatever its size, in which no deployment works.
    """

    prefill: float
    decode: float
    overhead: float = 0.0

    def first(self, prompt: Floats) -> Floats:
        """Work until the first token."""
        return prompt / self.prefill

    def rest(self, completion: Floats) -> Floats:
        """Work after it."""
        return completion / self.decode


def stated(
    rate: float,
    speed: Speed,
    *,
    prompt: float,
    completion: float,
    variation: float = 1.0,
    dispersion: float = 1.0,
) -> Workload:
    """Requests of which only means are known: sizes are log-normal around them.

    Args:
        rate: Requests per second.
        speed: Of the model.
        prompt: Mean tokens of a prompt.
        completion: Mean tokens of an answer.
        variation: Coefficient of variation of both, independent of each other; 0: all are alike.
        dispersion: As in `Workload`.
    """
    rng = np.random.default_rng(_SEED)
    prompts, completions = (_sizes(mean, variation, rng) for mean in (prompt, completion))
    first, rest = speed.first(prompts), speed.rest(completions)
    return Workload(rate, first, rest, dispersion, prompt, completion, speed.overhead)


def _sizes(mean: float, variation: float, rng: np.random.Generator) -> Floats:
    """Log-normal, with this mean to the last digit: it is the stated load that is planned."""
    if mean == 0.0:
        return np.zeros(_SIZES)
    sigma = sqrt(log(1.0 + variation**2))
    sizes = rng.lognormal(0.0, sigma, _SIZES)
    scaled: Floats = sizes * (mean / sizes.mean())
    return scaled
