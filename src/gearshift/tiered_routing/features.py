"""The features of one text: a bounded pass that counts evidence and grades it into factors."""

from __future__ import annotations

import re
from itertools import compress
from operator import getitem, itemgetter
from typing import Final, NamedTuple

from gearshift.tiered_routing.lexicon import languages
from gearshift.tiered_routing.lexicon.weights import HARD_FRAMES, SIMPLE_FRAMES, WEIGHTS
from gearshift.tiered_routing.text import encode, fold
from gearshift.tiered_routing.vocabulary import KIND_MASK, KIND_NUMBER, KINDS, vocabulary

FACTORS: Final = ("length", "code", "technical", "multi_step", "question")

_WINDOW: Final = (9_000, 3_000)
_WINDOW_OF_OTHERS: Final = (3_000, 1_000)
"""Of longer texts the head and the tail are read: tasks stand there, material between."""

_MATERIAL_FROM: Final = 160
_MATERIAL: Final = re.compile(
    r'```[^`]*+(?:```)?|"[^"]{40,}+"|“[^“”]{40,}+”|„[^„“”]{40,}+[“”]|«[^«»]{40,}+»|「[^「」]{20,}+」|『[^『』]{20,}+』'
)
_EDIT_HEAD: Final = 260
_EDIT_TAIL: Final = 120

_COUNT: Final = len(KINDS)
_N: Final = KIND_NUMBER
_EDIT: Final = _N["edit"]
_PUZZLE: Final = _N["puzzle"]
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
_BARE_TOPIC: Final = _N["bare_topic"]
_CLAUSES: Final = _N["clauses"]
_SITUATION: Final = _N["situation"]
_LANG_EN: Final = _N["lang_en"]
_FACTOR_NUMBER: Final = {"code": 0, "technical": 1, "multi_step": 2, "question": 3}

_MOST_COUNTED: Final = 40

_Points = tuple[float, float, float, float]
_Row = tuple[float, float, float, float, float, float]


def _points_of(kind: str) -> tuple[_Row, ...]:
    """What 0, 1, 2 … signs of a kind add to the four factors and to simple and hard frames."""
    table = []
    frames = (SIMPLE_FRAMES.get(kind, 0.0), HARD_FRAMES.get(kind, 0.0))
    for count in range(_MOST_COUNTED + 1):
        sums = [0.0, 0.0, 0.0, 0.0]
        for weight in WEIGHTS.get(kind, ()) if count else ():
            value = weight.first + weight.more * (count - 1)
            sums[_FACTOR_NUMBER[weight.factor]] += min(value, weight.most)
        table.append((sums[0], sums[1], sums[2], sums[3], *frames))
    return tuple(table)


_POINTS: Final = tuple(map(_points_of, KINDS))
_FRAMES: Final = tuple((SIMPLE_FRAMES.get(kind, 0.0), HARD_FRAMES.get(kind, 0.0)) for kind in KINDS)
_SMALL_KINDS: Final = itemgetter(*(_N[kind] for kind in SIMPLE_FRAMES))
_DECIDEDLY_SMALL: Final = itemgetter(
    *(_N[kind] for kind in SIMPLE_FRAMES if kind not in ("lookup", "list"))
)
_SCRIPT_NUMBERS: Final = tuple((_N[kind], language) for kind, language in languages.SCRIPTS)
_LATIN: Final = tuple(kind.removeprefix("lang_") for kind in languages.FUNCTION_WORDS)
_VOTES: Final = slice(_LANG_EN, _LANG_EN + len(_LATIN))
"""The languages' function words have consecutive numbers, English first."""
_SHARED: Final = (_N["specialist"], _SPECIALIST_CODE, _LANGUAGE)
"""Kinds of English words that mean the same in a text of another language."""
_KIND_OF: Final = KIND_MASK.__and__
_ASCII: Final = bytes(range(128))
_NO_DIGITS: Final = bytes(code for code in range(256) if chr(code) not in "0123456789 ")
_NO_COUNTS: Final = [0] * _COUNT
_NO_POINTS: Final = (0.0, 0.0, 0.0, 0.0)


_SMALL_POINTS: Final = 0.42
"""Code to question, weighted, of a request in a small frame: 1.4 of the score's 10."""

_WORK_POINTS: Final = 0.905
"""The same of a request in hard frames that no small frame, or a much weaker one, opposes."""

_UNOPPOSED: Final = 0.5
_PLAINLY_HARD: Final = 2.0

_ASK_FROM: Final = 90
_AFTERTHOUGHT: Final = 60
_SEEN_IN_MATERIAL: Final = frozenset((_FENCE, _SYNTAX, _DEBUG))


class Features(NamedTuple):
    """What one text shows.

    Attributes:
        factors: `code, technical, multi_step, question`, each 0-3, graded.
        truncated: Only the head and the tail were read.
    """

    factors: _Points
    truncated: bool


class FeatureReader:
    """Reads features; holds nothing but the compiled vocabulary."""

    __slots__ = ("_foreign", "_raw", "_words")

    def __init__(self) -> None:
        compiled = vocabulary()
        self._raw = compiled.raw.labels
        self._words = compiled.words.labels
        self._foreign = compiled.foreign

    def read(self, text: str) -> Features:
        """The features of a text, in time bounded by the window."""
        size = len(text)
        if size < _MATERIAL_FROM and text.isascii():
            return Features(_grade(self._count(text, text)), False)
        # A letter of most scripts takes two or three bytes, so the window has fewer of them.
        head, tail = _WINDOW if text.isascii() else _WINDOW_OF_OTHERS
        truncated = size > head + tail
        if truncated:
            text = f"{text[:head]}\n{text[-tail:]}"
        return Features(_grade(self._count(_task_of(text), text)), truncated)

    def _count(self, task: str, text: str) -> list[int]:
        counts = self._evidence(task)
        size = len(task)
        if size > _EDIT_HEAD + _EDIT_TAIL and ("\n" in task or ":" in task):
            counts = self._instruction(task, counts)
        if size > _ASK_FROM and counts[_LOOKUP] + counts[_DEFINE] + counts[_BRIEF]:
            counts = self._ask(task, counts)
        if task is not text:
            for label in self._raw(encode(text)):
                if label & KIND_MASK in _SEEN_IN_MATERIAL:
                    counts[label & KIND_MASK] += 1
        questions = text.count("?")
        if not text.isascii():
            questions += text.count("？") + text.count("؟")
        counts[_SEVERAL_QUESTIONS] = max(0, questions - 1)
        counts[_CLAUSES] = task.count(", ") + task.count(". ") + task.count("; ")
        _find_requests(counts)
        _find_problems(counts)
        return counts

    def _instruction(self, task: str, counts: list[int]) -> list[int]:
        """Behind a small instruction stands material: to be edited, searched, put in order."""
        paragraph = task.find("\n\n", 0, _EDIT_HEAD)
        head = task[: paragraph if paragraph > 0 else _EDIT_HEAD]
        simple, hard = _frames(self._evidence(head))
        if simple < hard + 1.0:
            if not counts[_EDIT]:
                return counts
            # What is to be edited may begin behind the first sentence.
            ends = [end for mark in (". ", ": ", "\n") if (end := head.find(mark)) > 0]
            head = head[: min(ends, default=0)]
            first = self._evidence(head)
            simple, hard = _frames(first)
            if not first[_EDIT] or simple < hard + 1.0:
                return counts
            paragraph = -1
        counts = self._evidence(f"{head} {task[-_EDIT_TAIL:]}" if paragraph < 0 else head)
        for kind in (_SCOPE, _FIGURES, _FIRST_PERSON):
            counts[kind] = 0
        return counts

    def _ask(self, task: str, counts: list[int]) -> list[int]:
        """A small question behind a story is a small question, unless the story has figures."""
        end = task.rfind("?")
        if not task.isascii():
            end = max(end, task.rfind("？"), task.rfind("؟"))
        if end < 0 or len(task) - end > _AFTERTHOUGHT or _is_matter(counts):
            return counts
        start = max(task.rfind(mark, 0, end) for mark in (". ", "! ", "? ", ": ", "\n", "。", "！"))
        ask = self._evidence(task[start + 1 :])
        simple, hard = _frames(ask)
        return ask if simple >= hard + 1.0 and ask[_SCOPE] <= 1 else counts

    def _evidence(self, text: str) -> list[int]:
        folded = fold(text)
        counts = _NO_COUNTS.copy()
        raw = self._raw(encode(text))
        for kind in map(_KIND_OF, (*raw, *self._words(folded))):
            counts[kind] += 1
        language = _language(counts, folded)
        if language != "en":
            english, counts = counts, _NO_COUNTS.copy()
            for number in _SHARED:
                counts[number] = english[number]
            for kind in map(_KIND_OF, (*raw, *set(self._foreign[language].labels(folded)))):
                counts[kind] += 1
        counts[_SCOPE] = _scope(folded, language)
        if counts[_DIGIT]:
            counts[_FIGURES] = _figures(folded)
        return counts


def _is_matter(counts: list[int]) -> bool:
    """Whether a story is itself to be thought about: figures, a puzzle, terms of a field."""
    amounts = counts[_FIGURES] + counts[_NUMBER]
    return amounts > 2 or counts[_PUZZLE] > 0 or counts[_SPECIALIST] > 1


def _find_requests(counts: list[int]) -> None:
    """Requests for code, accounts of a process, demanding translations: two signs together."""
    language, code_object = counts[_LANGUAGE], counts[_CODE_OBJECT]
    if (language or code_object) and (counts[_MAKE] or counts[_DESIGN]):
        counts[_CODE_REQUEST] = (language > 0) + (code_object > 0)
    elif language and counts[_SPECIALIST_CODE]:
        counts[_CODE_REQUEST] = not (counts[_LOOKUP] or counts[_DEFINE] or counts[_LIST])
    if counts[_MECHANISM]:
        counts[_MECHANISM] = max(0, counts[_MECHANISM] - counts[_HOWTO])
        counts[_PROCESS] = counts[_WORK] > 0 and counts[_MECHANISM] > 0
    if counts[_TRANSLATE] and (
        counts[_CRAFT] or counts[_SPECIALIST] + counts[_SPECIALIST_CODE] > 1
    ):
        counts[_CRAFT] += 1
        counts[_TRANSLATE] = counts[_DEFINE] = 0


def _find_problems(counts: list[int]) -> None:
    """Things to be worked out: formulas to solve, word problems, what has no frame at all."""
    if (counts[_FORMULA] and counts[_SPECIALIST] + counts[_SOLVE]) or (
        counts[_SPECIALIST] and counts[_SOLVE]
    ):
        counts[_CALCULATION] = 1
    scope = counts[_SCOPE]
    if scope > 1 and counts[_QUANTITY] >= 2 and counts[_FIGURES] + counts[_NUMBER] >= 2:
        counts[_WORD_PROBLEM] = 1
    if scope > 1 and not any(_DECIDEDLY_SMALL(counts)):
        counts[_SITUATION] = 1 + (counts[_FIGURES] > 1) + (counts[_FIRST_PERSON] > 0)
    if not any(_SMALL_KINDS(counts)):
        counts[_UNFRAMED] = scope
        if counts[_SPECIALIST] or counts[_SPECIALIST_CODE] or counts[_FORMULA]:
            counts[_BARE_TOPIC] = 1


def _task_of(text: str) -> str:
    """The text without long quotations and code: what is asked, not what it is asked about."""
    if len(text) < _MATERIAL_FROM or (text.isascii() and '"' not in text and "```" not in text):
        return text
    task = _MATERIAL.sub(' "" ', text)
    return task if len(task) >= 12 else text


def _language(counts: list[int], folded: bytes) -> str:
    votes = counts[_VOTES]
    if not folded.isascii():
        for number, language in _SCRIPT_NUMBERS:
            # A foreign word in an English sentence does not change the sentence's language.
            if counts[number] and (votes[0] < 3 or _foreign_share(folded) > 0.3):
                return language
    most = max(votes)
    return "en" if votes[0] == most else _LATIN[votes.index(most)]


def _foreign_share(folded: bytes) -> float:
    return len(folded.translate(None, _ASCII)) / len(folded)


def _scope(folded: bytes, language: str) -> int:
    """How much is said, in steps of about a dozen words."""
    if language in ("zh", "ja"):
        return min(40, len(folded) // 100)
    return min(40, (folded.count(b" ") + 4) // 12)


def _figures(folded: bytes) -> int:
    return len(set(folded.translate(None, _NO_DIGITS).split()))


def _frames(counts: list[int]) -> tuple[float, float]:
    simple = hard = 0.0
    for frame in compress(_FRAMES, counts):
        simple += frame[0]
        hard += frame[1]
    return simple, hard


def _knee(value: float) -> float:
    """Even up to 2, ever less beyond, so that 3 is approached and much still ranks above enough."""
    return value if value <= 2.0 else 2.0 + (value - 2.0) / (value - 1.0)


def _grade(counts: list[int]) -> _Points:
    # Sums of columns: in C, where a loop over the kinds takes four times as long.
    seen = list(filter(None, counts))
    if not seen:
        return _NO_POINTS
    if max(seen) > _MOST_COUNTED:
        seen = [min(count, _MOST_COUNTED) for count in seen]
    rows = map(getitem, compress(_POINTS, counts), seen)
    columns = zip(*rows, strict=True)
    code, technical, multi_step, question, simple, hard = [sum(column, 0.0) for column in columns]
    code, question = min(3.0, code), min(3.0, question)
    technical, multi_step = _knee(technical), _knee(multi_step)
    if simple > hard:
        total = 0.25 * code + 0.2 * (technical + multi_step + question)
        limit = _SMALL_POINTS + 0.5 * max(0.0, 1.0 - simple + hard)
        if total > limit:
            # What lies above still counts a little, so that small requests are ranked as well.
            share = limit * (1.0 - 0.25 / (1.0 + 3.0 * (total - limit))) / total
            return code * share, technical * share, multi_step * share, question * share
    elif hard - simple >= (_PLAINLY_HARD if simple else _UNOPPOSED):
        total = 0.25 * code + 0.2 * (technical + multi_step + question)
        missing = 5.0 * (_WORK_POINTS + 0.06 * total - total)
        if missing > 0.0:
            # One clear demand that nothing speaks against is enough, in whatever words.
            more = min(missing, 3.0 - question)
            question += more
            multi_step = min(3.0, multi_step + missing - more)
    return code, technical, multi_step, question
