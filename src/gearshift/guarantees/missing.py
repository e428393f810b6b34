"""Outcomes of which some are missing, made whole without leaning to either side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Unit(NamedTuple):
    """One unit of an arm, in the order of assignment.

    Attributes:
        is_at_risk: Whether its outcome can be bad at all; else it is good without being judged.
        bad: 0-1; `None` where nobody has judged it.
    """

    is_at_risk: bool
    bad: float | None


def completed(units: Sequence[Unit]) -> list[float]:
    """The outcomes of the first units, as many as there are verdicts for.

    Whoever is at risk takes the next verdict that was given on one at risk, its own or not. Where
    being judged says nothing about the outcome, verdicts are independent draws for units at risk
    of their arm, so these are outcomes as if everybody had been judged, however many were not:
    counting all that are good for certain beside the few that were judged would dilute them.

    >>> at_risk = [Unit(True, None), Unit(False, None), Unit(True, 1.0), Unit(True, 0.0)]
    >>> completed(at_risk)
    [1.0, 0.0, 0.0]
    """
    verdicts: Iterable[float] = (
        unit.bad for unit in units if unit.is_at_risk and unit.bad is not None
    )
    left = iter(verdicts)
    outcomes: list[float] = []
    for unit in units:
        if not unit.is_at_risk:
            outcomes.append(0.0)
            continue
        verdict = next(left, None)
        if verdict is None:
            break
        outcomes.append(verdict)
    return outcomes
