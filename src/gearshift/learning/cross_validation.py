"""What a scorer learned from these prompts would be worth on others: scores from held-out folds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gearshift.learning.features import Prompts
from gearshift.learning.fit import fit, scores_of
from gearshift.tiered_routing.learned_features import Floats

FOLDS: Final = 5


def folds_of(prompts: Sequence[str], *, folds: int = FOLDS, seed: int = 0) -> NDArray[np.int64]:
    """A fold for each prompt; the same words, whatever their case and spaces, share one."""
    return np.array([_number(prompt, seed) % folds for prompt in prompts])


def _number(prompt: str, seed: int) -> int:
    words = " ".join(prompt.lower().split())
    digest = hashlib.sha256(f"{seed} {words}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big")


def held_out_scores(
    prompts: Prompts,
    gap: Floats,
    folds: NDArray[np.int64],
    *,
    threshold: float = 3.0,
    seed: int = 0,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> Floats:
    """The score of each prompt, 0-10, by a model that was fitted without the prompt's fold."""
    scores = np.zeros(len(prompts))
    for fold in progress(sorted({int(number) for number in folds})):
        seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        model = fit(prompts.select(seen), gap[seen], threshold=threshold, seed=seed)
        scores[unseen] = scores_of(model, prompts.select(unseen))
    return scores
