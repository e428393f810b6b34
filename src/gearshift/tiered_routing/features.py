"""The features of one text: a bounded pass that counts evidence and grades it into factors."""

from __future__ import annotations

import re
from itertools import compress
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
_NUMBERS: Final = range(_COUNT)
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
_HOWTO: Final = _N["howto"]
_SPECIALIST: Final = _N["specialist"]
_FORMULA: Final = _N["formula"]
_SOLVE: Final = _N["solve"]
_LOOKUP: Final = _N["lookup"]
_DEFINE: Final = _N["define"]
_BRIEF: Final = _N["brief"]
_LIST: Final = _N["list"]
_FIRST_PERSON: Final = _N["first_person"]
_CALCULATION: Final = _N["calculation"]
_TRANSLATE: Final = _N["translate"]
_CRAFT: Final = _N["craft"]
_UNFRAMED: Final = _N["unframed"]
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


_SMALL_POINTS: Final = 0.42
"""Code to question, weighted, of a request in a small frame: 1.4 of the score's 10."""

_ASK_FROM: Final = 90
_AFTERTHOUGHT: Final = 60
_SEEN_IN_MATERIAL: Final = frozenset((_FENCE, _SYNTAX, _DEBUG))


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
        if len(task) > _EDIT_HEAD + _EDIT_TAIL:
            counts = self._instruction(task, counts)
        if counts[_LOOKUP] + counts[_DEFINE] + counts[_BRIEF] and len(task) > _ASK_FROM:
            counts = self._ask(task, counts)
        if task is not text:
            for label in self._vocabulary.raw.labels(encode(text)):
                if label & KIND_MASK in _SEEN_IN_MATERIAL:
                    counts[label & KIND_MASK] += 1
        return counts

    def _instruction(self, task: str, counts: list[int]) -> list[int]:
        """Behind a small instruction stands material: to be edited, searched, put in order."""
        paragraph = task.find("\n\n", 0, _EDIT_HEAD)
        head = task[: paragraph if paragraph > 0 else _EDIT_HEAD]
        simple, hard = _frames(self._evidence(head))
        if simple < hard + 1.0:
            return counts
        counts = self._evidence(f"{head} {task[-_EDIT_TAIL:]}" if paragraph < 0 else head)
        for kind in (_SCOPE, _FIGURES, _FIRST_PERSON):
            counts[kind] = 0
        return counts

    def _ask(self, task: str, counts: list[int]) -> list[int]:
        """A small question behind a story is a small question, unless the story has figures."""
        end = max(task.rfind(mark) for mark in "?？؟")
        if end < 0 or len(task) - end > _AFTERTHOUGHT or counts[_FIGURES] + counts[_NUMBER] > 2:
            return counts
        start = max(task.rfind(mark, 0, end) for mark in (". ", "! ", "? ", ": ", "\n", "。", "！"))
        ask = self._evidence(task[start + 1 :])
        simple, hard = _frames(ask)
        return ask if simple >= hard + 1.0 and ask[_SCOPE] <= 1 else counts

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
        is_small = counts[_LOOKUP] or counts[_DEFINE] or counts[_LIST]
        if counts[_HOWTO]:
            counts[_MECHANISM] = max(0, counts[_MECHANISM] - counts[_HOWTO])
        makes = counts[_MAKE] or counts[_DESIGN]
        if makes and (counts[_LANGUAGE] or counts[_CODE_OBJECT]):
            counts[_CODE_REQUEST] = (counts[_LANGUAGE] > 0) + (counts[_CODE_OBJECT] > 0)
        elif counts[_LANGUAGE] and counts[_SPECIALIST_CODE] and not is_small:
            counts[_CODE_REQUEST] = 1
        if counts[_MECHANISM] and counts[_WORK]:
            counts[_PROCESS] = 1
        if counts[_TRANSLATE] and counts[_SPECIALIST] + counts[_SPECIALIST_CODE] > 1:
            counts[_CRAFT] += 1
        is_formal = counts[_FORMULA] > 0
        has_terms = counts[_SPECIALIST] > 0
        if (is_formal and (has_terms or counts[_SOLVE])) or (has_terms and counts[_SOLVE]):
            counts[_CALCULATION] = 1
        amounts = counts[_FIGURES] + counts[_NUMBER]
        if amounts >= 2 and counts[_QUANTITY] >= 2 and counts[_SCOPE] >= 2:
            counts[_WORD_PROBLEM] = 1
        if counts[_SCOPE] and not _frames(counts)[0]:
            counts[_UNFRAMED] = 1


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
    return min(8, (folded.count(b" ") + 4) // 12)


def _figures(folded: bytes) -> int:
    return len({word for word in folded.split() if word.isdigit()})


def _frames(counts: list[int]) -> tuple[float, float]:
    simple = hard = 0.0
    for number in compress(_NUMBERS, counts):
        simple += _SIMPLE[number]
        hard += _HARD[number]
    return simple, hard


def _knee(value: float) -> float:
    """Even up to 2, ever less beyond, so that 3 is approached and much still ranks above enough."""
    return value if value <= 2.0 else 2.0 + (value - 2.0) / (value - 1.0)


def _grade(counts: list[int]) -> tuple[float, float, float, float]:
    sums = [0.0, 0.0, 0.0, 0.0]
    for number in compress(_NUMBERS, counts):
        more_of_it = counts[number] - 1
        for factor, first, more, most in _LINES[number]:
            value = first + more * more_of_it
            sums[factor] += value if value < most else most
    simple, hard = _frames(counts)
    code, technical = min(3.0, sums[0]), _knee(sums[1])
    multi_step, question = _knee(sums[2]), min(3.0, sums[3])
    if simple > hard:
        points = 0.25 * code + 0.2 * (technical + multi_step + question)
        limit = (
            _SMALL_POINTS if simple >= hard + 1.0 else _SMALL_POINTS + 0.5 * (1.0 - simple + hard)
        )
        if points > limit:
            share = limit / points
            return code * share, technical * share, multi_step * share, question * share
    return code, technical, multi_step, question
