"""From counts of evidence to four factors: points by table, then limits by what is asked for."""

from __future__ import annotations

from itertools import compress
from operator import getitem
from typing import Final

from gearshift.tiered_routing.kinds import Kind
from gearshift.tiered_routing.lexicon.weights import HARD_FRAMES, SIMPLE_FRAMES, WEIGHTS

Points = tuple[float, float, float, float]
"""`code, technical, multi_step, question`, each 0-3."""

_Row = tuple[float, float, float, float, float, float]
_FACTORS: Final = ("code", "technical", "multi_step", "question")
_NO_POINTS: Final = (0.0, 0.0, 0.0, 0.0)

# Where the table of points ends: with so many signs of a kind every weight has reached its most.
_MOST_COUNTED: Final = 40

# The numbers below were chosen by hand while the weights were; no search for them was recorded.
# docs/scoring.md says which prompts were in view then, and how good the outcome is on others.
# Those called points are sums of weighted factors: times 10/3 they are parts of the score.

_SMALL_POINTS: Final = 0.42
"""The most that a request in a small frame gets: 1.4 of the score's 10, beside its length."""

_SMALL_MARGIN: Final = 0.5
"""How much that limit grows while the small frame leads by less than 1, for each 1 it lacks."""

_SMALL_SPREAD: Final = 0.25
_SMALL_PACE: Final = 3.0
"""What exceeds the limit ends in its upper quarter, the higher the more it exceeds it, so that
small requests are ranked among themselves; the pace says how soon the limit itself is near."""

_WORK_POINTS: Final = 0.905
"""What hard frames alone are worth if nothing opposes them: 3.02, just above the threshold."""

_WORK_SPREAD: Final = 0.06
"""The share of its own sum that a raised request keeps, so that these are ranked as well."""

_UNOPPOSED: Final = 0.5
"""From so much of hard frames on a request without any small frame is raised."""

_PLAINLY_HARD: Final = 2.0
"""By so much hard frames have to lead where there is a small frame as well."""


def _rows_of(kind: Kind) -> tuple[_Row, ...]:
    """What 0, 1, 2 … signs of a kind add to the four factors and to simple and hard frames."""
    rows = []
    frames = (SIMPLE_FRAMES.get(kind, 0.0), HARD_FRAMES.get(kind, 0.0))
    for count in range(_MOST_COUNTED + 1):
        sums = [0.0, 0.0, 0.0, 0.0]
        for weight in WEIGHTS.get(kind, ()) if count else ():
            value = weight.first + weight.more * (count - 1)
            sums[_FACTORS.index(weight.factor)] += min(value, weight.most)
        rows.append((sums[0], sums[1], sums[2], sums[3], *frames))
    return tuple(rows)


_ROWS: Final = tuple(map(_rows_of, Kind))
_FRAMES: Final = tuple((SIMPLE_FRAMES.get(kind, 0.0), HARD_FRAMES.get(kind, 0.0)) for kind in Kind)


def frames(counts: list[int]) -> tuple[float, float]:
    """How strongly the evidence says that little is asked for, and that much is."""
    simple = hard = 0.0
    for frame in compress(_FRAMES, counts):
        simple += frame[0]
        hard += frame[1]
    return simple, hard


def graded(counts: list[int]) -> Points:
    """The four factors that the evidence amounts to."""
    # Sums of columns: in C, where a loop over the kinds takes four times as long.
    seen = list(filter(None, counts))
    if not seen:
        return _NO_POINTS
    if max(seen) > _MOST_COUNTED:
        seen = [min(count, _MOST_COUNTED) for count in seen]
    rows = map(getitem, compress(_ROWS, counts), seen)
    columns = zip(*rows, strict=True)
    code, technical, multi_step, question, simple, hard = [sum(column, 0.0) for column in columns]
    points = (min(3.0, code), _knee(technical), _knee(multi_step), min(3.0, question))
    if simple > hard:
        return _limited(points, simple - hard)
    if hard - simple >= (_PLAINLY_HARD if simple else _UNOPPOSED):
        return _raised(points)
    return points


def _knee(value: float) -> float:
    """Even up to 2, ever less beyond, so that 3 is approached and much still ranks above enough."""
    return value if value <= 2.0 else 2.0 + (value - 2.0) / (value - 1.0)


def _weighted(points: Points) -> float:
    """The sum of the weighted factors, without length: see `complexity_scorer.WEIGHTS`."""
    code, technical, multi_step, question = points
    return 0.25 * code + 0.2 * (technical + multi_step + question)


def _limited(points: Points, lead: float) -> Points:
    """The factors of a small request, scaled down where they exceed what it may have."""
    total = _weighted(points)
    limit = _SMALL_POINTS + _SMALL_MARGIN * max(0.0, 1.0 - lead)
    if total <= limit:
        return points
    share = limit * (1.0 - _SMALL_SPREAD / (1.0 + _SMALL_PACE * (total - limit))) / total
    code, technical, multi_step, question = points
    return code * share, technical * share, multi_step * share, question * share


def _raised(points: Points) -> Points:
    """The factors of a plainly hard request, in whatever words: enough for the larger model."""
    total = _weighted(points)
    missing = 5.0 * (_WORK_POINTS + _WORK_SPREAD * total - total)  # 5: a factor weighs a fifth
    if missing <= 0.0:
        return points
    code, technical, multi_step, question = points
    more = min(missing, 3.0 - question)
    return code, technical, min(3.0, multi_step + missing - more), question + more
