"""The features of one text: a bounded pass that counts evidence and grades it into factors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gearshift.tiered_routing.lexicon import languages
from gearshift.tiered_routing.lexicon.weights import HARD_FRAMES, SIMPLE_FRAMES, WEIGHTS
from gearshift.tiered_routing.text import fold
from gearshift.tiered_routing.vocabulary import KIND_MASK, KIND_NUMBER, KINDS, Vocabulary

FACTORS: Final = ("length", "code", "technical", "multi_step", "question")

HEAD_CHARACTERS: Final = 9_000
TAIL_CHARACTERS: Final = 3_000
WINDOW_CHARACTERS: Final = HEAD_CHARACTERS + TAIL_CHARACTERS
"""Of longer texts the beginning and the end are read: tasks stand there, material between."""

_MATERIAL_FROM: Final = 160
_MATERIAL: Final = re.compile(
    r'```[^`]*+(?:```)?|"[^"]{40,}+"|“[^“”]{40,}+”|„[^„“”]{40,}+[“”]|«[^«»]{40,}+»|「[^「」]{20,}+」|『[^『』]{20,}+』'
)
_EDIT_HEAD: Final = 260
_EDIT_TAIL: Final = 120

_COUNT: Final = len(KINDS)
_N: Final = KIND_NUMBER
_FACTOR_NUMBER: Final = {"code": 0, "technical": 1, "multi_step": 2, "question": 3}

_Line = tuple[int, float, float, float]
_LINES: Final[tuple[tuple[_Line, ...], ...]] = tuple(
    tuple(
        (_FACTOR_NUMBER[weight.factor], weight.first, weight.more, weight.most)
        for weight in WEIGHTS.get(kind, ())
    )
    for kind in KINDS
)
_SIMPLE: Final = tuple((_N[kind], weight) for kind, weight in SIMPLE_FRAMES.items())
_HARD: Final = tuple((_N[kind], weight) for kind, weight in HARD_FRAMES.items())
_SCRIPT_NUMBERS: Final = tuple((_N[kind], language) for kind, language in languages.SCRIPTS)
_LATIN: Final = tuple((_N[kind], kind[5:]) for kind in languages.FUNCTION_WORDS)
_LEXICAL_EN: Final = frozenset(
    _N[kind] for kind in ("specialist", "specialist_code", "language")
) | frozenset(number for number, _ in _LATIN)


@dataclass(frozen=True, slots=True)
class Features:
    """What one text shows.

    Attributes:
        factors: `code, technical, multi_step, question`, each 0-3, graded.
        counts: How much evidence of each kind there is, in the order of `KINDS`.
        simple: How strongly the request has the form of a small one.
        truncated: Only the head and the tail were read.
    """

    factors: tuple[float, float, float, float]
    counts: tuple[int, ...]
    simple: float
    hard: float
    truncated: bool


class FeatureReader:
    """Reads features; holds nothing but the compiled vocabulary."""

    __slots__ = ("_vocabulary",)

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()

    def read(self, text: str) -> Features:
        """The features of a text, in time bounded by the window."""
        truncated = len(text) > WINDOW_CHARACTERS
        if truncated:
            text = f"{text[:HEAD_CHARACTERS]}\n{text[-TAIL_CHARACTERS:]}"
        counts = self._count(text)
        self._combine(counts, text)
        simple, hard = _weigh(_SIMPLE, counts), _weigh(_HARD, counts)
        return Features(_grade(counts, simple, hard), tuple(counts), simple, hard, truncated)

    def _count(self, text: str) -> list[int]:
        task = _task_of(text)
        counts = self._evidence(task)
        if len(task) > _EDIT_HEAD + _EDIT_TAIL and counts[_N["edit"]]:
            # What is to be edited is material, wherever its author put the instruction.
            head = self._evidence(task[:_EDIT_HEAD])
            if head[_N["edit"]]:
                task = f"{task[:_EDIT_HEAD]} {task[-_EDIT_TAIL:]}"
                counts = self._evidence(task)
        if task is not text:
            for label in set(self._vocabulary.raw.labels(_encode(text))):
                if label & KIND_MASK in (_N["fence"], _N["syntax"], _N["debug"]):
                    counts[label & KIND_MASK] += 1
        return counts

    def _evidence(self, text: str) -> list[int]:
        counts = [0] * _COUNT
        folded = fold(text)
        raw = self._vocabulary.raw.labels(_encode(text))
        for label in raw:
            counts[label & KIND_MASK] += 1
        words = set(self._vocabulary.words.labels(folded))
        for label in words:
            counts[label & KIND_MASK] += 1
        language = _language(counts)
        if language != "en":
            counts = [count if number in _LEXICAL_EN else 0 for number, count in enumerate(counts)]
            for label in raw:
                counts[label & KIND_MASK] += 1
            for label in set(self._vocabulary.foreign[language].labels(folded)):
                counts[label & KIND_MASK] += 1
        counts[_N["scope"]] = _scope(folded, language)
        counts[_N["figures"]] = _figures(folded) if counts[_N["digit"]] else 0
        return counts

    @staticmethod
    def _combine(counts: list[int], text: str) -> None:
        """Evidence that only several kinds together make."""
        questions = text.count("?") + text.count("？") + text.count("؟")
        counts[_N["several_questions"]] = questions - 1 if questions > 1 else 0
        makes = counts[_N["make"]] or counts[_N["long_text"]] == 0 and counts[_N["design"]]
        if makes and (counts[_N["language"]] or counts[_N["code_object"]]):
            about = counts[_N["language"]] > 0, counts[_N["code_object"]] > 0
            if counts[_N["language"]] or counts[_N["specialist_code"]] or counts[_N["code_object"]]:
                counts[_N["code_request"]] = sum(about)
        if counts[_N["mechanism"]] and counts[_N["work"]]:
            counts[_N["process"]] = 1
        amounts = counts[_N["figures"]] + counts[_N["number"]]
        if amounts >= 2 and counts[_N["quantity"]] >= 2 and counts[_N["scope"]] >= 2:
            counts[_N["word_problem"]] = 1


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _task_of(text: str) -> str:
    """The text without long quotations and code: what is asked, not what it is asked about."""
    if len(text) < _MATERIAL_FROM:
        return text
    task = _MATERIAL.sub(' "" ', text)
    return task if len(task) >= 12 else text


def _language(counts: list[int]) -> str:
    for number, language in _SCRIPT_NUMBERS:
        if counts[number]:
            return language
    best, most = "en", counts[_LATIN[0][0]]
    for number, language in _LATIN:
        if counts[number] > most:
            best, most = language, counts[number]
    return best


def _scope(folded: bytes, language: str) -> int:
    """How much is said, in steps of about a dozen words."""
    if language in ("zh", "ja"):
        return min(8, len(folded) // 100)
    return min(8, folded.count(b" ") // 12)


def _figures(folded: bytes) -> int:
    return len({word for word in folded.split() if word.isdigit()})


def _weigh(table: tuple[tuple[int, float], ...], counts: list[int]) -> float:
    return sum(weight for number, weight in table if counts[number])


def _grade(counts: list[int], simple: float, hard: float) -> tuple[float, float, float, float]:
    sums = [0.0, 0.0, 0.0, 0.0]
    for number, count in enumerate(counts):
        if count:
            for factor, first, more, most in _LINES[number]:
                value = first + more * (count - 1)
                sums[factor] += value if value < most else most
    if simple > hard:
        damp = max(0.35, 1.0 - 0.25 * (simple - hard))
        sums = [value * damp for value in sums]
    code, technical, multi_step, question = (min(3.0, value) for value in sums)
    return code, technical, multi_step, question
