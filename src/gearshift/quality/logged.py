"""Judged requests of the decision log, as the guarantees want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Engine

from gearshift.decision_log.judged import judged_requests
from gearshift.errors import GearshiftError
from gearshift.guarantees.p_values import Floats
from gearshift.tiered_routing.scorer import Scorer, TrainedScorer


@dataclass(frozen=True, slots=True)
class LoggedAnswers:
    """Requests that a scorer has scored, or can score again.

    Attributes:
        scores: 0-10 each.
        gap: How much higher the large model's answers score, -1 to 1.
        weights: Inverse propensities of being judged.
        characters: Lengths of the prompts.
        left_out: Requests that another scorer has scored, and whose prompts were not kept.
        learned_from: Requests that the scorer was trained on, which say nothing about others.
    """

    scores: Floats
    gap: Floats
    weights: Floats
    characters: list[int]
    left_out: int
    learned_from: int


def logged_answers(engine: Engine, scorer: Scorer) -> LoggedAnswers:
    """Read them.

    Raises:
        GearshiftError: There are none that the scorer was not trained on.
    """
    everything = judged_requests(engine)
    until = scorer.learned_until if isinstance(scorer, TrainedScorer) else 0.0
    unseen = [request for request in everything if request.time > until]
    if not unseen:
        raise GearshiftError(
            f"the scorer was trained on all of the {len(everything)} judged requests; nothing can "
            "be guaranteed until others are judged"
        )
    now = (scorer.name, scorer.version)
    usable = [request for request in unseen if request.scorer == now or request.prompt]
    scores = [
        request.score if request.scorer == now else scorer.score(request.prompt or "").score
        for request in usable
    ]
    return LoggedAnswers(
        np.array(scores),
        np.array([request.strong_score - request.weak_score for request in usable]),
        1.0 / np.array([request.propensity for request in usable]),
        [request.characters for request in usable],
        len(unseen) - len(usable),
        len(everything) - len(unseen),
    )
