"""What an experiment shows, as facts: for the command, the dashboard and the watch."""

from __future__ import annotations

from typing import Final

import numpy as np
from sqlalchemy.engine import Engine

from gearshift.decision_log.experiments import Kept, Metric, Outcomes, outcomes
from gearshift.guarantees.arms import ArmData, Compared, Finding, find, in_words, share_interval
from gearshift.types import JsonObject

_WORDS: Final = {
    Metric.LOSSES: "answers that are worse than the large model's",
    Metric.FAILURES: "failed answers",
    Metric.FEEDBACK: "answers that users call bad",
}


def finding_of(kept: Kept, had: dict[str, Outcomes]) -> Finding:
    """Test what the arms have had."""
    arms = [
        ArmData(arm.name, had[arm.name].units, np.array(had[arm.name].values))
        for arm in kept.experiment.arms
    ]
    return find(arms, kept.alpha)


def words_of(kept: Kept, finding: Finding) -> str:
    """The result in plain words."""
    return in_words(finding, _WORDS[kept.metric])


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
    compared = [_compared(one) for one in finding.compared]
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
        "arms": [_arm(arm, had[arm.name]) for arm in finding.arms],
        "differences": compared,
        "difference": compared[0],
        "sample_ratio": {"p_value": finding.ratio_p_value, "ok": not finding.is_ratio_wrong},
        "result": words_of(kept, finding),
    }


def _arm(arm: ArmData, had: Outcomes) -> JsonObject:
    judged = len(arm.outcomes)
    low, high = share_interval(arm.outcomes)
    return {
        "name": arm.name,
        "units": arm.units,
        "requests": had.requests,
        "judged": judged,
        "losses": int(arm.outcomes.sum()),
        "estimate": float(arm.outcomes.mean()) if judged else None,
        "ci": [low, high],
        "flops": had.flops,
    }


def _compared(one: Compared) -> JsonObject:
    return {
        "arm": one.name,
        "estimate": one.estimate,
        "ci": list(one.ci),
        "p_value": one.p_value,
        "is_worse": one.is_worse,
        "is_better": one.is_better,
    }
