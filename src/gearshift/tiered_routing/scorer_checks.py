"""What is asked of a scorer's results before anything relies on them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from pathlib import PurePath
from typing import Any, Final

from gearshift.tiered_routing.complexity_scorer import ComplexityResult

Bounds = tuple[tuple[str, float | None], ...]

_HIGHEST: Final = 10.0


class ScorerError(Exception):
    """A scorer's result cannot be used; the message says why, in words of ours."""


def checked(result: Any, bounds: Bounds) -> ComplexityResult:
    """The result, with the bounds of the configured tiers.

    Raises:
        ScorerError: It is no result, or says what cannot be.
    """
    if not isinstance(result, ComplexityResult):
        raise ScorerError(f"returned {type(result).__name__}, not a ComplexityResult")
    if not _is_number(result.score) or not 0.0 <= result.score <= _HIGHEST:
        raise ScorerError("the score is not a number from 0 to 10")
    if not _is_number(result.threshold):
        raise ScorerError("the threshold is not a number")
    if result.tier not in dict(bounds):
        names = ", ".join(name for name, _ in bounds)
        raise ScorerError(f"the tier is none of {names}")
    for name in ("factors", "contributions"):
        parts = getattr(result, name)
        if not isinstance(parts, Mapping) or not all(map(_is_number, parts.values())):
            raise ScorerError(f"{name} must map names to numbers")
    kept = copy(result)  # a scorer may keep its own, for the next request
    kept.bounds = bounds
    kept.score, kept.threshold = float(result.score), float(result.threshold)
    if not isinstance(kept.reasoning, str):
        raise ScorerError("the reasoning is not a string")
    return kept


def failed(bounds: Bounds, failure: str) -> ComplexityResult:
    """The result that stands for a failure: the last tier, which is right for anything."""
    threshold = next((below for _, below in reversed(bounds) if below is not None), 0.0)
    return ComplexityResult(
        _HIGHEST, {}, {}, bounds[-1][0], threshold, bounds=bounds, failure=failure
    )


def described(error: Exception) -> str:
    """What went wrong and where; not an exception's own words, which may quote a prompt."""
    if isinstance(error, ScorerError):
        return str(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = PurePath(trace.tb_frame.f_code.co_filename).name
    return f"{type(error).__name__} in {file}, line {trace.tb_lineno}"


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool | str) and math.isfinite(value)
    except (TypeError, OverflowError):
        return False
