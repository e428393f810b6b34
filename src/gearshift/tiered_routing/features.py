"""The features of one text: a bounded pass that counts evidence and grades it into factors.

The algorithm, which is linear in the text and reads at most a window of it:

1. Cut: of a long text the head and the tail are kept (`_WINDOW`).
2. Set material aside: long quotations and code blocks are what is asked about, not what is asked.
3. Count: every word, phrase and pattern of the lexicon is a sign of one `Kind` (a verb of
   comparing, a term of medicine, a code fence). One pass counts how often each kind occurs.
4. Choose the language by function words and scripts. If it is not English, count with its lexicon.
5. Narrow: where a small instruction stands before material, or a small question behind a story,
   the signs of the instruction or the question alone are counted.
6. Combine: some signs mean more together, such as "write" and "Python" (`combining.py`).
7. Grade: a table gives points for each count; a small frame limits them, hard frames alone raise
   them (`grading.py`). Out come `code, technical, multi_step, question`, each 0-3.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gearshift.tiered_routing.combining import find_problems, find_requests, is_matter
from gearshift.tiered_routing.grading import Points, frames, graded
from gearshift.tiered_routing.kinds import Kind, kind_named
from gearshift.tiered_routing.lexicon import languages
from gearshift.tiered_routing.text import encode, fold
from gearshift.tiered_routing.vocabulary import KIND_MASK, vocabulary

FACTORS: Final = ("length", "code", "technical", "multi_step", "question")

# How many characters count as what. All were chosen by hand, by looking at the labelled development
# prompts of tests/golden; docs/scoring.md says how good the outcome is on others.

_WINDOW: Final = (9_000, 3_000)
"""Of a longer text the head and the tail are read: the task stands there, material between. More
would take longer than `benchmarks/scorer_cost.py` allows."""
_WINDOW_OF_OTHERS: Final = (3_000, 1_000)
"""The same of text that is not ASCII, whose letters take two or three bytes each."""

_MATERIAL_FROM: Final = 160
"""In shorter texts nothing is set aside."""
_MATERIAL: Final = re.compile(
    r'```[^`]*+(?:```)?|"[^"]{40,}+"|“[^“”]{40,}+”|„[^„“”]{40,}+[“”]|«[^«»]{40,}+»|「[^「」]{20,}+」|『[^『』]{20,}+』'
)
"""Code blocks, and quotations of 40 characters and more: longer than a title. 20 in the quotation
marks of Chinese and Japanese, where a character says more."""
_TASK_FROM: Final = 12
"""If less is left beside the material, the material is the task."""

_EDIT_HEAD: Final = 260
_EDIT_TAIL: Final = 120
"""Instructions to edit what follows stand in the first sentences, or again behind the material."""

_ASK_FROM: Final = 90
"""A question shorter than this has no story before it."""
_AFTERTHOUGHT: Final = 60
"""So much may follow the question and it still ends the text: a greeting, "thanks in advance"."""

_CLEARLY: Final = 1.0
"""By so much small frames have to lead for a part of a text to stand for the whole."""

_MOST_SCOPE: Final = 40
"""Scope stops growing here, at about 480 words: no weight grows further."""
_FEW_VOTES: Final = 3
_SCRIPT_SHARE: Final = 0.3
"""A foreign word in an English sentence does not change its language: with so many English function
words, another script has to make up this share of the bytes."""

_FUNCTION_WORDS: Final = slice(Kind.LANG_EN, Kind.LANG_EN + len(languages.FUNCTION_WORDS))
_LATIN: Final = tuple(kind.removeprefix("lang_") for kind in languages.FUNCTION_WORDS)
_SCRIPTS: Final = tuple((kind_named(kind), language) for kind, language in languages.SCRIPTS)
_SHARED: Final = (Kind.SPECIALIST, Kind.SPECIALIST_CODE, Kind.LANGUAGE)
"""Kinds of English words that mean the same in a text of another language."""
_IN_MATERIAL: Final = frozenset((Kind.FENCE, Kind.SYNTAX, Kind.DEBUG))
"""Kinds that count in material as well: code is code, whoever wrote it."""
# Plain numbers of the kinds that every text needs: in Python 3.11 finding a member takes 0.1 µs.
_DIGIT, _SCOPE, _CLAUSES = int(Kind.DIGIT), int(Kind.SCOPE), int(Kind.CLAUSES)
_SEVERAL_QUESTIONS: Final = int(Kind.SEVERAL_QUESTIONS)
_KIND_OF: Final = KIND_MASK.__and__
_ASCII: Final = bytes(range(128))
_NO_DIGITS: Final = bytes(code for code in range(256) if chr(code) not in "0123456789 ")
_NO_COUNTS: Final = [0] * len(Kind)


class Features(NamedTuple):
    """What one text shows.

    Attributes:
        factors: `code, technical, multi_step, question`, each 0-3, graded.
        truncated: Only the head and the tail were read.
    """

    factors: Points
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
            return Features(graded(self._count(text, text)), False)
        head, tail = _WINDOW if text.isascii() else _WINDOW_OF_OTHERS
        truncated = size > head + tail
        if truncated:
            text = f"{text[:head]}\n{text[-tail:]}"
        return Features(graded(self._count(_task_of(text), text)), truncated)

    def _count(self, task: str, text: str) -> list[int]:
        counts = self._evidence(task)
        size = len(task)
        if size > _EDIT_HEAD + _EDIT_TAIL and ("\n" in task or ":" in task):
            counts = self._instruction(task, counts)
        if size > _ASK_FROM and counts[Kind.LOOKUP] + counts[Kind.DEFINE] + counts[Kind.BRIEF]:
            counts = self._ask(task, counts)
        if task is not text:
            for label in self._raw(encode(text)):
                if label & KIND_MASK in _IN_MATERIAL:
                    counts[label & KIND_MASK] += 1
        questions = text.count("?")
        if not text.isascii():
            questions += text.count("？") + text.count("؟")
        counts[_SEVERAL_QUESTIONS] = max(0, questions - 1)
        counts[_CLAUSES] = task.count(", ") + task.count(". ") + task.count("; ")
        find_requests(counts)
        find_problems(counts)
        return counts

    def _instruction(self, task: str, counts: list[int]) -> list[int]:
        """Behind a small instruction stands material: to be edited, searched, put in order."""
        paragraph = task.find("\n\n", 0, _EDIT_HEAD)
        head = task[: paragraph if paragraph > 0 else _EDIT_HEAD]
        simple, hard = frames(self._evidence(head))
        if simple < hard + _CLEARLY:
            if not counts[Kind.EDIT]:
                return counts
            # What is to be edited may begin behind the first sentence.
            ends = [end for mark in (". ", ": ", "\n") if (end := head.find(mark)) > 0]
            head = head[: min(ends, default=0)]
            first = self._evidence(head)
            simple, hard = frames(first)
            if not first[Kind.EDIT] or simple < hard + _CLEARLY:
                return counts
            paragraph = -1
        counts = self._evidence(f"{head} {task[-_EDIT_TAIL:]}" if paragraph < 0 else head)
        for kind in (Kind.SCOPE, Kind.FIGURES, Kind.FIRST_PERSON):
            counts[kind] = 0
        return counts

    def _ask(self, task: str, counts: list[int]) -> list[int]:
        """A small question behind a story is a small question, unless the story has figures."""
        end = task.rfind("?")
        if not task.isascii():
            end = max(end, task.rfind("？"), task.rfind("؟"))
        if end < 0 or len(task) - end > _AFTERTHOUGHT or is_matter(counts):
            return counts
        start = max(task.rfind(mark, 0, end) for mark in (". ", "! ", "? ", ": ", "\n", "。", "！"))
        ask = self._evidence(task[start + 1 :])
        simple, hard = frames(ask)
        return ask if simple >= hard + _CLEARLY and ask[Kind.SCOPE] <= 1 else counts

    def _evidence(self, text: str) -> list[int]:
        folded = fold(text)
        counts = _NO_COUNTS.copy()
        raw = self._raw(encode(text))
        for kind in map(_KIND_OF, (*raw, *self._words(folded))):
            counts[kind] += 1
        language = _language(counts, folded)
        if language != "en":
            english, counts = counts, _NO_COUNTS.copy()
            for kind in _SHARED:
                counts[kind] = english[kind]
            for kind in map(_KIND_OF, (*raw, *set(self._foreign[language].labels(folded)))):
                counts[kind] += 1
        counts[_SCOPE] = _scope(folded, language)
        if counts[_DIGIT]:
            counts[Kind.FIGURES] = _figures(folded)
        return counts


def _task_of(text: str) -> str:
    """The text without long quotations and code: what is asked, not what it is asked about."""
    if len(text) < _MATERIAL_FROM or (text.isascii() and '"' not in text and "```" not in text):
        return text
    task = _MATERIAL.sub(' "" ', text)
    return task if len(task) >= _TASK_FROM else text


def _language(counts: list[int], folded: bytes) -> str:
    votes = counts[_FUNCTION_WORDS]
    if not folded.isascii():
        for script, language in _SCRIPTS:
            if counts[script] and (votes[0] < _FEW_VOTES or _foreign_share(folded) > _SCRIPT_SHARE):
                return language
    most = max(votes)
    return "en" if votes[0] == most else _LATIN[votes.index(most)]


def _foreign_share(folded: bytes) -> float:
    return len(folded.translate(None, _ASCII)) / len(folded)


def _scope(folded: bytes, language: str) -> int:
    """How much is said, in steps of about a dozen words."""
    if language in ("zh", "ja"):
        return min(_MOST_SCOPE, len(folded) // 100)
    return min(_MOST_SCOPE, (folded.count(b" ") + 4) // 12)


def _figures(folded: bytes) -> int:
    return len(set(folded.translate(None, _NO_DIGITS).split()))
