"""What each kind of evidence adds to a factor: at its first sign, at each further one, at most."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from gearshift.tiered_routing.kinds import Kind


class Weight(NamedTuple):
    """One line of the table: `first` for the first sign, `more` for each further one, up to `most`."""

    factor: str
    first: float
    more: float = 0.0
    most: float = 3.0


W = Weight
Q, M, T, C = "question", "multi_step", "technical", "code"

WEIGHTS: Final[Mapping[Kind, tuple[Weight, ...]]] = {
    Kind.PROVE: (
        W(Q, 3),
        W(M, 1.5),
    ),
    Kind.COMPARE: (
        W(Q, 2.75, 0.5),
        W(M, 1.45, 0.25, 2),
    ),
    Kind.CONTRAST: (W(Q, 3, 0.5),),
    Kind.HOWTO: (
        W(Q, 1.25),
        W(M, 1.1),
    ),
    Kind.HYPOTHETICAL: (
        W(Q, 1.7, 0.35),
        W(M, 0.1, 0.2),
    ),
    Kind.PROBING: (
        W(Q, 0.4, 0.45),
        W(M, 1.25, 0.2),
    ),
    Kind.UNFRAMED: (
        W(Q, 0.7, 0.4, 1.5),
        W(M, 0.05, 0.25, 0),
    ),
    Kind.BARE_TOPIC: (W(Q, 2.75),),
    Kind.SITUATION: (
        W(Q, 0.75, 0.35, 2),
        W(M, 0.15, 0.1, 1),
    ),
    Kind.CRAFT: (
        W(Q, 3, 0.25),
        W(M, 1.6, 0.25),
    ),
    Kind.SOLVE: (W(Q, 0.9, 0.7),),
    Kind.CALCULATION: (
        W(Q, 1.75),
        W(M, 0.25),
    ),
    Kind.DESIGN: (
        W(Q, 1.7, 0.5),
        W(M, 0.55, 0.05, 2),
    ),
    Kind.ANALYSE: (
        W(Q, 3, 0.5),
        W(M, 0.05, 0, 0.5),
    ),
    Kind.WHY: (
        W(Q, 3),
        W(M, 1.65),
    ),
    Kind.MECHANISM: (
        W(Q, 2.5, 0.25),
        W(M, 0.95),
    ),
    Kind.EXPLAIN: (W(Q, 2, 0.25),),
    Kind.ADVICE: (
        W(Q, 3, 0.5),
        W(M, 0.85, 0.25, 1.5),
    ),
    Kind.LONG_TEXT: (W(Q, 1.75, 0.25),),
    Kind.PUZZLE: (
        W(Q, 3, 0.5),
        W(M, 0.35, 0.9),
    ),
    Kind.DEBUG: (
        W(Q, 1, 0.25),
        W(M, 0.65, 0.25),
        W(T, 1.75, 0.8),
    ),
    Kind.QUALITY_BAR: (
        W(Q, 1.5, 0.25),
        W(M, 0.25, 0.25),
    ),
    Kind.CONSTRAINT: (W(M, 0.55, 0.05, 1.75),),
    Kind.CONDITION: (W(Q, 0.4, 0.35),),
    Kind.SEQUENCE: (W(M, 1.75, 0.85),),
    Kind.ACTION: (W(M, 0.75, 1.25, 2.05),),
    Kind.MAKE: (
        W(M, 0.15),
        W(Q, 0.05),
    ),
    Kind.NUMBER: (W(M, 1.05, 0.25, 1.5),),
    Kind.QUANTITY: (W(M, 0, 0.4, 1.5),),
    Kind.SPECIALIST_CODE: (
        W(T, 1, 1),
        W(C, 0.65, 0.5, 1),
    ),
    Kind.SPECIALIST: (W(T, 1.75, 0.95, 1.65),),
    Kind.COMMON: (W(T, 1.7),),
    Kind.LANGUAGE: (
        W(C, 0.65, 0.5, 1.5),
        W(T, 0.2, 0.5),
    ),
    Kind.FENCE: (
        W(C, 1.5),
        W(M, 0.5),
    ),
    Kind.SYNTAX: (W(C, 0.3, 0.65),),
    Kind.FORMULA: (
        W(T, 1.25),
        W(M, 0.05),
    ),
    Kind.NUMBERED: (W(M, 0.5),),
    Kind.BULLETS: (W(M, 0.5),),
    Kind.SEVERAL_QUESTIONS: (
        W(M, 0, 0.25, 1.5),
        W(Q, 0.5),
    ),
    Kind.SCOPE: (W(Q, 0.3, 0.05, 0.5),),
    Kind.FIGURES: (W(M, 0.2, 0.45, 0.85),),
    Kind.CODE_REQUEST: (
        W(C, 3, 0.5),
        W(Q, 1.85, 0.1),
        W(T, 1.2),
        W(M, 0.1, 0.05),
    ),
    Kind.PROCESS: (W(Q, 1),),
    Kind.WORD_PROBLEM: (  # mathematics in everyday words: several quantities to be combined
        W(Q, 3),
        W(M, 3),
        W(T, 2.5),
    ),
}
"""Kinds that are missing here only shape a frame: `lookup`, `define`, `edit`, `brief` …"""

SIMPLE_FRAMES: Final[Mapping[Kind, float]] = {
    Kind.LOOKUP: 1.5,
    Kind.DEFINE: 2.0,
    Kind.EDIT: 1.75,
    Kind.BRIEF: 1.75,
    Kind.TRANSLATE: 1.5,
    Kind.LIST: 0.25,
    Kind.SHORT_TEXT: 2.0,
    Kind.SMALLTALK: 1.25,
    Kind.TRIVIAL_CODE: 1.75,
}
"""Frames that ask for little, whatever they mention; the sum is set against the hard ones."""

HARD_FRAMES: Final[Mapping[Kind, float]] = {
    Kind.BARE_TOPIC: 0.5,
    Kind.CLAUSES: 0.25,
    Kind.CONDITION: 0.25,
    Kind.DEBUG: 0.5,
    Kind.SITUATION: 0.25,
    Kind.PROVE: 3.0,
    Kind.COMPARE: 2.0,
    Kind.CONTRAST: 1.0,
    Kind.HOWTO: 0.25,
    Kind.HYPOTHETICAL: 1.0,
    Kind.CRAFT: 1.5,
    Kind.CALCULATION: 2.25,
    Kind.DESIGN: 2.75,
    Kind.ANALYSE: 3.5,
    Kind.WHY: 1.25,
    Kind.MECHANISM: 1.0,
    Kind.ADVICE: 1.75,
    Kind.LONG_TEXT: 0.75,
    Kind.PUZZLE: 0.25,
    Kind.QUALITY_BAR: 0.75,
    Kind.CONSTRAINT: 1.25,
    Kind.SEVERAL_QUESTIONS: 0.25,
    Kind.CODE_REQUEST: 2.25,
    Kind.PROCESS: 1.0,
    Kind.WORD_PROBLEM: 2.0,
    Kind.SCOPE: 0.25,
}
"""Frames that outweigh a simple one in the same request."""
