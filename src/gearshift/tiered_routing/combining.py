"""Kinds of evidence that follow from others: two signs together that mean more than each alone."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from gearshift.tiered_routing.kinds import Kind
from gearshift.tiered_routing.lexicon.weights import SIMPLE_FRAMES

# Several counts are taken out at once: finding a member of an enum takes longer than its use.
_REQUEST_SIGNS: Final = itemgetter(Kind.LANGUAGE, Kind.CODE_OBJECT, Kind.MECHANISM, Kind.TRANSLATE)
_PROBLEM_SIGNS: Final = itemgetter(
    Kind.SCOPE, Kind.FORMULA, Kind.SPECIALIST, Kind.SPECIALIST_CODE, Kind.QUANTITY
)
_SMALL_KINDS: Final = itemgetter(*SIMPLE_FRAMES)
_DECIDEDLY_SMALL: Final = itemgetter(
    *(kind for kind in SIMPLE_FRAMES if kind not in (Kind.LOOKUP, Kind.LIST))
)


def is_matter(counts: list[int]) -> bool:
    """Whether a story is itself to be thought about: figures, a puzzle, terms of a field."""
    amounts = counts[Kind.FIGURES] + counts[Kind.NUMBER]
    return amounts > 2 or counts[Kind.PUZZLE] > 0 or counts[Kind.SPECIALIST] > 1


def find_requests(counts: list[int]) -> None:
    """Count requests for code, accounts of a process and demanding translations."""
    language, code_object, mechanism, translate = _REQUEST_SIGNS(counts)
    if (language or code_object) and (counts[Kind.MAKE] or counts[Kind.DESIGN]):
        counts[Kind.CODE_REQUEST] = (language > 0) + (code_object > 0)
    elif language and counts[Kind.SPECIALIST_CODE]:
        counts[Kind.CODE_REQUEST] = not (
            counts[Kind.LOOKUP] or counts[Kind.DEFINE] or counts[Kind.LIST]
        )
    if mechanism:
        unasked = max(0, mechanism - counts[Kind.HOWTO])
        counts[Kind.MECHANISM] = unasked
        counts[Kind.PROCESS] = counts[Kind.WORK] > 0 and unasked > 0
    if translate and (
        counts[Kind.CRAFT] or counts[Kind.SPECIALIST] + counts[Kind.SPECIALIST_CODE] > 1
    ):
        counts[Kind.CRAFT] += 1
        counts[Kind.TRANSLATE] = counts[Kind.DEFINE] = 0


def find_problems(counts: list[int]) -> None:
    """Count what is to be worked out: calculations, word problems, what has no frame at all."""
    scope, formula, specialist, specialist_code, quantity = _PROBLEM_SIGNS(counts)
    if (formula or specialist) and ((formula and specialist) or counts[Kind.SOLVE]):
        counts[Kind.CALCULATION] = 1
    if scope > 1:
        figures = counts[Kind.FIGURES]
        if quantity >= 2 and figures + counts[Kind.NUMBER] >= 2:
            counts[Kind.WORD_PROBLEM] = 1
        if not any(_DECIDEDLY_SMALL(counts)):
            counts[Kind.SITUATION] = 1 + (figures > 1) + (counts[Kind.FIRST_PERSON] > 0)
    if not any(_SMALL_KINDS(counts)):
        counts[Kind.UNFRAMED] = scope
        if specialist or specialist_code or formula:
            counts[Kind.BARE_TOPIC] = 1
