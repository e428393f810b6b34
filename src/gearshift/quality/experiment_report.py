"""What an experiment shows, as facts: for the command, the dashboard and the watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from sqlalchemy.engine import Engine

from gearshift.decision_log.arm_outcomes import ArmOutcomes, Outcome, outcomes
from gearshift.decision_log.experiments import Kept, Metric
from gearshift.guarantees.arms import (
    TOO_EARLY,
    ArmData,
    Compared,
    Finding,
    find,
    in_words,
    share_interval,
)
from gearshift.guarantees.missing import Unit, completed
from gearshift.guarantees.p_values import Floats
from gearshift.types import JsonObject

_WORDS: Final = {
    Metric.LOSSES: "answers that are worse than the large model's",
    Metric.FAILURES: "failed answers",
    Metric.FEEDBACK: "answers that users call bad",
}


def finding_of(kept: Kept, had: dict[str, ArmOutcomes]) -> Finding:
    """Test what the arms have had, as far as it is settled."""
    arms = [
        ArmData(arm.name, had[arm.name].settled_units, values_of(had[arm.name].settled))
        for arm in kept.experiment.arms
    ]
    return find(arms, kept.alpha)


def words_of(kept: Kept, finding: Finding) -> str:
    """The result in plain words."""
    words = in_words(finding, _WORDS[kept.metric])
    if not words.startswith(TOO_EARLY):
        return words
    minutes = kept.metric.settled_seconds / 60
    return f"{words}; what is younger than {minutes:g} minutes does not count yet"


def values_of(outcomes: Sequence[Outcome]) -> Floats:
    """Outcomes as they are tested: those of units that nobody has judged made up for."""
    return np.array(completed([Unit(*outcome) for outcome in outcomes]), dtype=np.float64)


def report(engine: Engine, kept: Kept, lowest: str) -> JsonObject:
    """Everything that is known of an experiment.

    Args:
        engine: The log's database.
        kept: Which one.
        lowest: The smallest tier's name.
    """
    had = outcomes(engine, kept, lowest)
    finding = finding_of(kept, had)
    experiment = kept.experiment
    compared = [_compared(comparison) for comparison in finding.compared]
    return {
        "name": experiment.name,
        "state": kept.state.value,
        "started": experiment.started,
        "ended": kept.ended,
        "stop_reason": kept.stop_reason,
        "compares": experiment.dimension.value,
        "metric": kept.metric.value,
        "share": experiment.share,
        "alpha": kept.alpha,
        "arms": [_arm(arm.name, had[arm.name]) for arm in finding.arms],
        "differences": compared,
        "difference": compared[0],
        "sample_ratio": {"p_value": finding.ratio_p_value, "ok": not finding.is_ratio_wrong},
        "result": words_of(kept, finding),
    }


def _arm(name: str, had: ArmOutcomes) -> JsonObject:
    """What an arm has had so far, for one look; what is settled is tested elsewhere."""
    values = values_of(had.so_far)
    judged = len(values)
    low, high = share_interval(values)
    return {
        "name": name,
        "units": had.units,
        "requests": had.requests,
        "judged": judged,
        "settled": len(values_of(had.settled)),
        "losses": float(values.sum()),
        "estimate": float(values.mean()) if judged else None,
        "ci": [low, high],
        "flops": had.flops,
    }


def _compared(comparison: Compared) -> JsonObject:
    return {
        "arm": comparison.name,
        "estimate": comparison.estimate,
        "ci": list(comparison.ci),
        "p_value": comparison.p_value,
        "is_worse": comparison.is_worse,
        "is_better": comparison.is_better,
    }
