"""The features of one text: a bounded pass that counts evidence and grades it into factors."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gearshift.tiered_routing.lexicon import languages
from gearshift.tiered_routing.lexicon.weights import HARD_FRAMES, SIMPLE_FRAMES, WEIGHTS
from gearshift.tiered_routing.text import encode, fold
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
_EDIT: Final = _N["edit"]
_FENCE: Final = _N["fence"]
_SYNTAX: Final = _N["syntax"]
_DEBUG: Final = _N["debug"]
_SCOPE: Final = _N["scope"]
_FIGURES: Final = _N["figures"]
_DIGIT: Final = _N["digit"]
_SEVERAL_QUESTIONS: Final = _N["several_questions"]
_MAKE: Final = _N["make"]
_LONG_TEXT: Final = _N["long_text"]
_DESIGN: Final = _N["design"]
_LANGUAGE: Final = _N["language"]
_CODE_OBJECT: Final = _N["code_object"]
_SPECIALIST_CODE: Final = _N["specialist_code"]
_CODE_REQUEST: Final = _N["code_request"]
_MECHANISM: Final = _N["mechanism"]
_WORK: Final = _N["work"]
_PROCESS: Final = _N["process"]
_NUMBER: Final = _N["number"]
_QUANTITY: Final = _N["quantity"]
_WORD_PROBLEM: Final = _N["word_problem"]
_LANG_EN: Final = _N["lang_en"]
_FACTOR_NUMBER: Final = {"code": 0, "technical": 1, "multi_step": 2, "question": 3}

_Line = tuple[int, float, float, float]
_LINES: Final[tuple[tuple[_Line, ...], ...]] = tuple(
    tuple(
        (_FACTOR_NUMBER[weight.factor], weight.first, weight.more, weight.most)
        for weight in WEIGHTS.get(kind, ())
    )
    for kind in KINDS
)
_SIMPLE: Final = tuple(SIMPLE_FRAMES.get(kind, 0.0) for kind in KINDS)
_HARD: Final = tuple(HARD_FRAMES.get(kind, 0.0) for kind in KINDS)
_SCRIPT_NUMBERS: Final = tuple((_N[kind], language) for kind, language in languages.SCRIPTS)
_LATIN: Final = tuple((_N[kind], kind[5:]) for kind in languages.FUNCTION_WORDS)
_SHARED: Final = (_N["specialist"], _SPECIALIST_CODE, _LANGUAGE)
"""Kinds of English words that mean the same in a text of another language."""
_ASCII: Final = bytes(range(128))


class Features(NamedTuple):
    """What one text shows.

    Attributes:
        factors: `code, technical, multi_step, question`, each 0-3, graded.
        truncated: Only the head and the tail were read.
    """

    factors: tuple[float, float, float, float]
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
        return Features(_grade(counts), truncated)

    def _count(self, text: str) -> list[int]:
        task = _task_of(text)
        counts = self._evidence(task)
        if len(task) > _EDIT_HEAD + _EDIT_TAIL and counts[_EDIT]:
            # What is to be edited is material, wherever its author put the instruction.
            head = self._evidence(task[:_EDIT_HEAD])
            if head[_EDIT]:
                task = f"{task[:_EDIT_HEAD]} {task[-_EDIT_TAIL:]}"
                counts = self._evidence(task)
        if task is not text:
            for label in self._vocabulary.raw.labels(encode(text)):
                if label & KIND_MASK in (_FENCE, _SYNTAX, _DEBUG):
                    counts[label & KIND_MASK] += 1
        return counts

    def _evidence(self, text: str) -> list[int]:
        vocabulary = self._vocabulary
        folded = fold(text)
        counts = [0] * _COUNT
        for label in vocabulary.raw.labels(encode(text)):
            counts[label & KIND_MASK] += 1
        raw = counts.copy()
        for label in set(vocabulary.words.labels(folded)):
            counts[label & KIND_MASK] += 1
        language = _language(counts, folded)
        if language != "en":
            english, counts = counts, raw
            for number in _SHARED:
                counts[number] += english[number]
            for label in set(vocabulary.foreign[language].labels(folded)):
                counts[label & KIND_MASK] += 1
        counts[_SCOPE] = _scope(folded, language)
        counts[_FIGURES] = _figures(folded) if counts[_DIGIT] else 0
        return counts

    @staticmethod
    def _combine(counts: list[int], text: str) -> None:
        """Evidence that only several kinds together make."""
        questions = text.count("?") + text.count("？") + text.count("؟")
        counts[_SEVERAL_QUESTIONS] = questions - 1 if questions > 1 else 0
        makes = counts[_MAKE] or counts[_LONG_TEXT] == 0 and counts[_DESIGN]
        if makes and (counts[_LANGUAGE] or counts[_CODE_OBJECT]):
            about = counts[_LANGUAGE] > 0, counts[_CODE_OBJECT] > 0
            if counts[_LANGUAGE] or counts[_SPECIALIST_CODE] or counts[_CODE_OBJECT]:
                counts[_CODE_REQUEST] = sum(about)
        if counts[_MECHANISM] and counts[_WORK]:
            counts[_PROCESS] = 1
        amounts = counts[_FIGURES] + counts[_NUMBER]
        if amounts >= 2 and counts[_QUANTITY] >= 2 and counts[_SCOPE] >= 2:
            counts[_WORD_PROBLEM] = 1


def _task_of(text: str) -> str:
    """The text without long quotations and code: what is asked, not what it is asked about."""
    if len(text) < _MATERIAL_FROM:
        return text
    task = _MATERIAL.sub(' "" ', text)
    return task if len(task) >= 12 else text


def _language(counts: list[int], folded: bytes) -> str:
    best, most = "en", counts[_LANG_EN]
    if not folded.isascii():
        for number, language in _SCRIPT_NUMBERS:
            # A foreign word in an English sentence does not change the sentence's language.
            if counts[number] and (most < 3 or _foreign_share(folded) > 0.3):
                return language
    for number, language in _LATIN:
        if counts[number] > most:
            best, most = language, counts[number]
    return best


def _foreign_share(folded: bytes) -> float:
    return len(folded.translate(None, _ASCII)) / len(folded)


def _scope(folded: bytes, language: str) -> int:
    """How much is said, in steps of about a dozen words."""
    if language in ("zh", "ja"):
        return min(8, len(folded) // 100)
    return min(8, folded.count(b" ") // 12)


def _figures(folded: bytes) -> int:
    return len({word for word in folded.split() if word.isdigit()})


def _grade(counts: list[int]) -> tuple[float, float, float, float]:
    sums = [0.0, 0.0, 0.0, 0.0]
    simple = hard = 0.0
    for number, count in enumerate(counts):
        if count:
            simple += _SIMPLE[number]
            hard += _HARD[number]
            for factor, first, more, most in _LINES[number]:
                value = first + more * (count - 1)
                sums[factor] += value if value < most else most
    damp = max(0.35, 1.0 - 0.25 * (simple - hard)) if simple > hard else 1.0
    code, technical, multi_step, question = [
        value if value < 3.0 else 3.0 for value in (part * damp for part in sums)
    ]
    return code, technical, multi_step, question
