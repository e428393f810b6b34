"""What each kind of evidence adds to a factor: at its first sign, at each further one, at most."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Weight(NamedTuple):
    """One line of the table: `first` for the first sign, `more` for each further one, up to `most`."""

    factor: str
    first: float
    more: float = 0.0
    most: float = 3.0


W = Weight
Q, M, T, C = "question", "multi_step", "technical", "code"

WEIGHTS: Final[Mapping[str, tuple[Weight, ...]]] = {
    "prove": (
        W(Q, 3),
        W(M, 1.5),
    ),
    "compare": (
        W(Q, 2.75, 0.5),
        W(M, 1.45, 0.25, 2),
    ),
    "contrast": (W(Q, 3, 0.5),),
    "howto": (
        W(Q, 1.25),
        W(M, 1.1),
    ),
    "hypothetical": (
        W(Q, 1.7, 0.35),
        W(M, 0.1, 0.2),
    ),
    "probing": (
        W(Q, 0.4, 0.45),
        W(M, 1.25, 0.2),
    ),
    "unframed": (
        W(Q, 0.7, 0.4, 1.5),
        W(M, 0.05, 0.25, 0),
    ),
    "bare_topic": (W(Q, 2.75),),
    "situation": (
        W(Q, 0.75, 0.35, 2),
        W(M, 0.15, 0.1, 1),
    ),
    "craft": (
        W(Q, 3, 0.25),
        W(M, 1.6, 0.25),
    ),
    "solve": (W(Q, 0.9, 0.7),),
    "calculation": (
        W(Q, 1.75),
        W(M, 0.25),
    ),
    "design": (
        W(Q, 1.7, 0.5),
        W(M, 0.55, 0.05, 2),
    ),
    "analyse": (
        W(Q, 3, 0.5),
        W(M, 0.05, 0, 0.5),
    ),
    "why": (
        W(Q, 3),
        W(M, 1.65),
    ),
    "mechanism": (
        W(Q, 2.5, 0.25),
        W(M, 0.95),
    ),
    "explain": (W(Q, 2, 0.25),),
    "advice": (
        W(Q, 3, 0.5),
        W(M, 0.85, 0.25, 1.5),
    ),
    "long_text": (W(Q, 1.75, 0.25),),
    "puzzle": (
        W(Q, 3, 0.5),
        W(M, 0.35, 0.9),
    ),
    "debug": (
        W(Q, 1, 0.25),
        W(M, 0.65, 0.25),
        W(T, 1.75, 0.8),
    ),
    "quality_bar": (
        W(Q, 1.5, 0.25),
        W(M, 0.25, 0.25),
    ),
    "constraint": (W(M, 0.55, 0.05, 1.75),),
    "condition": (W(Q, 0.4, 0.35),),
    "sequence": (W(M, 1.75, 0.85),),
    "action": (W(M, 0.75, 1.25, 2.05),),
    "make": (
        W(M, 0.15),
        W(Q, 0.05),
    ),
    "number": (W(M, 1.05, 0.25, 1.5),),
    "quantity": (W(M, 0, 0.4, 1.5),),
    "specialist_code": (
        W(T, 1, 1),
        W(C, 0.65, 0.5, 1),
    ),
    "specialist": (W(T, 1.75, 0.95, 1.65),),
    "common": (W(T, 1.7),),
    "language": (
        W(C, 0.65, 0.5, 1.5),
        W(T, 0.2, 0.5),
    ),
    "fence": (
        W(C, 1.5),
        W(M, 0.5),
    ),
    "syntax": (W(C, 0.3, 0.65),),
    "formula": (
        W(T, 1.25),
        W(M, 0.05),
    ),
    "numbered": (W(M, 0.5),),
    "bullets": (W(M, 0.5),),
    "several_questions": (
        W(M, 0, 0.25, 1.5),
        W(Q, 0.5),
    ),
    "scope": (W(Q, 0.3, 0.05, 0.5),),
    "figures": (W(M, 0.2, 0.45, 0.85),),
    "code_request": (
        W(C, 3, 0.5),
        W(Q, 1.85, 0.1),
        W(T, 1.2),
        W(M, 0.1, 0.05),
    ),
    "process": (W(Q, 1),),
    "word_problem": (  # mathematics in everyday words: several quantities to be combined
        W(Q, 3),
        W(M, 3),
        W(T, 2.5),
    ),
}
"""Kinds that are missing here only shape a frame: `lookup`, `define`, `edit`, `brief` …"""

SIMPLE_FRAMES: Final[Mapping[str, float]] = {
    "lookup": 1.5,
    "define": 2.0,
    "edit": 1.75,
    "brief": 1.75,
    "translate": 1.5,
    "list": 0.25,
    "short_text": 2.0,
    "smalltalk": 1.25,
    "trivial_code": 1.75,
}
"""Frames that ask for little, whatever they mention; the sum is set against the hard ones."""

HARD_FRAMES: Final[Mapping[str, float]] = {
    "bare_topic": 0.5,
    "clauses": 0.25,
    "condition": 0.25,
    "debug": 0.5,
    "situation": 0.25,
    "prove": 3.0,
    "compare": 2.0,
    "contrast": 1.0,
    "howto": 0.25,
    "hypothetical": 1.0,
    "craft": 1.5,
    "calculation": 2.25,
    "design": 2.75,
    "analyse": 3.5,
    "why": 1.25,
    "mechanism": 1.0,
    "advice": 1.75,
    "long_text": 0.75,
    "puzzle": 0.25,
    "quality_bar": 0.75,
    "constraint": 1.25,
    "several_questions": 0.25,
    "code_request": 2.25,
    "process": 1.0,
    "word_problem": 2.0,
    "scope": 0.25,
}
"""Frames that outweigh a simple one in the same request."""
