"""Vocabulary: the lexicon compiled into pattern sets, once for each process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from gearshift.tiered_routing.kinds import kind_named
from gearshift.tiered_routing.lexicon import (
    english,
    finance,
    humanities,
    languages,
    law,
    mathematics,
    medicine,
    science,
    software,
    structures,
)
from gearshift.tiered_routing.patterns import PatternSet
from gearshift.tiered_routing.phrases import PhraseSet
from gearshift.tiered_routing.text import fold

_TERMS: Final = (
    (software.SPECIALIST, "specialist_code"),
    (software.COMMON, "common"),
    (software.LANGUAGES, "language"),
    (software.CODE_OBJECTS, "code_object"),
    (mathematics.QUANTITIES, "quantity"),
    *(
        (terms, kind)
        for field in (mathematics, science, medicine, law, finance, humanities)
        for terms, kind in ((field.SPECIALIST, "specialist"), (field.COMMON, "common"))
    ),
)

TERM_KINDS: Final = tuple(dict.fromkeys(kind for _, kind in _TERMS))
"""The kinds of every field's terms."""

_BITS: Final = 8  # the kind's share of a label; the rest numbers the entry
KIND_MASK: Final = (1 << _BITS) - 1


def entries(text: str) -> list[str]:
    """The comma-separated entries of a lexicon string, folded like any text."""
    folded = (fold(entry).decode().strip() for entry in text.split(","))
    return [entry for entry in folded if entry]


def _plurals(word: str) -> Iterator[str]:
    yield word
    if len(word) < 3 or word[-1] in "s0123456789+#":
        return
    if word[-1] == "y" and word[-2] not in "aeiou":
        yield word[:-1] + "ies"
    elif word.endswith(("ch", "sh", "x", "z")):
        yield word + "es"
    else:
        yield word + "s"


def _verb_forms(verb: str) -> Iterator[str]:
    """`parse`, `parses`, `parsed`, `parsing`; the last consonant both single and doubled."""
    head, _, rest = verb.partition(" ")
    rest = " " + rest if rest else ""
    stem = head[:-1] if head.endswith("e") else head
    endings = ["ed", "ing", "er"]
    yield from (form + rest for form in _plurals(head))
    yield from (stem + ending + rest for ending in endings)
    if head[-1] == "y":
        yield head[:-1] + "ied" + rest
    if head[-1] in "bdgklmnprt" and head[-2] in "aeiou":
        yield from (head + head[-1] + ending + rest for ending in endings)


class _Labels:
    """Numbers entries, so that two inflections of one word count once."""

    def __init__(self) -> None:
        self._next = 0

    def of(self, kind: str) -> int:
        self._next += 1
        return self._next << _BITS | kind_named(kind)


def _forms(
    texts: Iterable[tuple[str, str]], forms_of: Callable[[str], Iterable[str]], labels: _Labels
) -> Iterator[tuple[str, int]]:
    """Every form of every entry of (kind, text) pairs, one label for the forms of one entry."""
    for kind, text in texts:
        for entry in entries(text):
            label = labels.of(kind)
            yield from ((form, label) for form in set(forms_of(entry)))


def _as_it_stands(entry: str) -> tuple[str]:
    return (entry,)


def _english(labels: _Labels) -> Iterator[tuple[str, int]]:
    yield from _forms(english.CUES.items(), _as_it_stands, labels)
    yield from _forms(english.VERBS.items(), _verb_forms, labels)
    yield from _forms(((kind, text) for text, kind in _TERMS), _plurals, labels)
    yield from _forms(languages.FUNCTION_WORDS.items(), _as_it_stands, labels)


def _spellings(language: str, entry: str) -> Iterable[str]:
    """How an entry of a language occurs in folded text.

    A stem matches from the start of a word; `word.` is a whole word, `*part` matches inside words
    too. Languages without spaces match anywhere, Arabic also behind its one-letter prefixes.
    """
    is_whole, is_part = entry.endswith("."), entry.startswith("*")
    folded = fold(entry.strip("*. ")).decode().strip()
    if language in languages.UNSPACED or is_part:
        return (folded,)
    end = " " if is_whole else ""
    prefixes = languages.PREFIXES.get(language, ("",))
    return tuple(f" {prefix}{folded}{end}" for prefix in prefixes)


def _foreign(language: str, cues: Mapping[str, str], labels: _Labels) -> Iterator[tuple[str, int]]:
    for kind, text in cues.items():
        for entry in text.split(","):
            if entry.strip():
                label = labels.of(kind)
                yield from ((form, label) for form in _spellings(language, entry.strip()))


class _Languages(dict[str, PatternSet]):
    """Cues of each other language, compiled when its first text comes.

    All of them take 6 MB and a quarter of a second, and most gateways hear two or three languages.
    """

    def __missing__(self, language: str) -> PatternSet:
        patterns = _foreign(language, languages.CUES[language], _Labels())
        return self.setdefault(language, PatternSet(patterns, is_literal=True))


class Vocabulary:
    """The pattern sets that scorers read with; nothing that is read changes them.

    Attributes:
        words: English words and phrases, every field's terms, and the languages' function words.
        raw: Punctuation, layout, scripts: what folding would lose.
        foreign: Cues and terms of each other language.
    """

    __slots__ = ("foreign", "raw", "words")

    def __init__(self) -> None:
        labels = _Labels()
        self.words = PhraseSet(_english(labels))
        self.raw = PatternSet(
            (
                (pattern, labels.of(kind))
                for kind, patterns in structures.RAW.items()
                for pattern in patterns
            ),
            is_literal=False,
        )
        self.foreign: Mapping[str, PatternSet] = _Languages()


@cache
def vocabulary() -> Vocabulary:
    """The one there is: no setting changes it, and it takes half a second to compile."""
    return Vocabulary()
