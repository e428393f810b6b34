"""One step of a threshold that moves by itself: to quality at once, to savings with evidence."""

from __future__ import annotations

from typing import Final

import numpy as np

from gearshift.guarantees.p_values import p_value
from gearshift.guarantees.threshold import Chosen, Judged, Refused

STEP: Final = 0.25
"""Points of score that the threshold moves at most."""


def next_threshold(
    now: float, found: Chosen | Refused, judged: Judged, *, alpha: float, delta: float
) -> float:
    """The threshold to go on with.

    Up by a step at most, and only as far as the promise holds. Down by a step where the promise
    holds only there, or where the risk at the present threshold is shown to be above alpha.
    """
    if isinstance(found, Chosen):
        return float(np.clip(found.threshold, max(0.0, now - STEP), min(10.0, now + STEP)))
    is_small = judged.scores < now
    losses = judged.losses[is_small]
    weights = None if judged.weights is None else judged.weights[is_small]
    # That the mean of the losses is above alpha is that of their complements being below its.
    if len(losses) and p_value(1.0 - losses, 1.0 - alpha, weights) <= delta:
        return max(0.0, now - STEP)
    return now
