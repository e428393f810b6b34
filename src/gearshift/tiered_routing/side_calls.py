"""Whether a text is a front end's call on its own behalf: a title, a branch name, a summary.

Such a call is told by its shape, not by anybody's wording: in one sentence somebody is to make a
small thing (a title) of the conversation, the request or the changes, and no other work is asked
for in it. What is quoted stands in other sentences and does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum, auto
from functools import cache, lru_cache
from itertools import islice
from typing import Final

from gearshift.tiered_routing.lexicon import side_calls as lexicon
from gearshift.tiered_routing.patterns import FilteredPatterns, PatternSet
from gearshift.tiered_routing.text import encode

_SHORTEST: Final = 12
_HEAD: Final = 700
_TAIL: Final = 500
_SYSTEM_HEAD: Final = 400
_MOST_SENTENCES: Final = 24
_BEHIND: Final = 16


class _Sign(IntEnum):
    """What the sentences of such a call hold."""

    WHOLE = auto()
    TITLE = auto()
    META = auto()
    NEXT = auto()
    QUERY = auto()
    SUMMARY = auto()
    MAKER = auto()
    CHAT = auto()
    REQUEST = auto()
    LIMIT = auto()
    ONLY = auto()
    RESUMED = auto()
    WORK = auto()
    MORE_WORK = auto()


_MADE: Final = frozenset((_Sign.TITLE, _Sign.META, _Sign.NEXT, _Sign.QUERY, _Sign.SUMMARY))
_TALK: Final = frozenset((_Sign.CHAT, _Sign.REQUEST))
_BESIDE: Final = (_Sign.CHAT, _Sign.REQUEST, _Sign.LIMIT, _Sign.ONLY, _Sign.RESUMED)
_SUMMARIZES: Final = r"\b(?:summari[sz](?:e|es|ing)|condense|compress|compact|recap)\b"
_SENTENCE: Final = re.compile(r"[^.!?:;。！？：；؟।\n]+")
_QUOTED: Final = re.compile(
    r"\"[^\"\n]{8,}\"|`[^`\n]{8,}`|“[^”\n]{8,}”|„[^“”\n]{8,}[“”]|«[^»\n]{8,}»|「[^」\n]{4,}」|(?<!\w)'[^'\n]{8,}'(?!\w)"
)
"""A request that somebody quotes is spoken of, not made."""
_MADE_IN_ENGLISH: Final = (
    rf"{lexicon.MAKERS}\b[^.\n]{{0,70}}?\b(?:{'|'.join(lexicon.MADE.values())})\b"
)
_REACH: Final = re.compile(
    rf"{_MADE_IN_ENGLISH}(?:.{{0,120}}?(?:{'|'.join(lexicon.CHAT[:3])}|{lexicon.REQUEST[0]}|{lexicon.REQUEST[1]}))?",
    re.IGNORECASE,
)


def _patterns() -> list[tuple[str, _Sign]]:
    """Every pattern with its sign."""
    signs = [(pattern, _Sign.WHOLE) for pattern in lexicon.WHOLE]
    for name, made in lexicon.MADE.items():
        signs.append((rf"{lexicon.MAKERS}\b[^.\n]{{0,70}}\b{made}\b", _Sign[name.upper()]))
    for name, others in lexicon.OTHERS_MADE.items():
        signs += [(pattern, _Sign[name.upper()]) for pattern in others]
    signs.append((_SUMMARIZES, _Sign.SUMMARY))
    for sign in _BESIDE:
        signs += [(pattern, sign) for pattern in getattr(lexicon, sign.name)]
    makers = (rf"{lexicon.MAKERS}\b", *lexicon.OTHERS_MAKERS)
    return signs + [(pattern, _Sign.MAKER) for pattern in makers]


def _hints() -> Iterator[tuple[str, _Sign]]:
    """What is made, one pattern for each sign: without who makes it, and how; bits of phrases.

    So few and so simple that one automaton for all of them is soon built, whatever texts come.
    """
    for name, made in lexicon.MADE.items():
        others = (*lexicon.OTHERS_MADE[name], *([_SUMMARIZES] if name == "summary" else []))
        yield "|".join((rf"\b{made}\b", *others)), _Sign[name.upper()]
    yield "|".join(lexicon.IN_WHOLE), _Sign.WHOLE


def _beside() -> Iterator[tuple[str, _Sign]]:
    for sign in _BESIDE:
        yield "|".join(getattr(lexicon, sign.name)), sign


def _in_any_case(patterns: Iterable[tuple[str, _Sign]]) -> Iterator[tuple[str, _Sign]]:
    return ((f"(?i){pattern}", sign) for pattern, sign in patterns)


# Compiled when they are first needed: all but the first are for texts that hint at a side call.


@cache
def _hints_of_made() -> PatternSet:
    return PatternSet(_in_any_case(_hints()), is_literal=False)


@cache
def _hints_beside() -> PatternSet:
    return PatternSet(_in_any_case(_beside()), is_literal=False)


@cache
def _whole() -> FilteredPatterns:
    return FilteredPatterns(_in_any_case((p, _Sign.WHOLE) for p in lexicon.WHOLE))


@cache
def _signs() -> FilteredPatterns:
    return FilteredPatterns(_in_any_case(_patterns()))


@cache
def _work() -> FilteredPatterns:
    work = [(pattern, _Sign.WORK) for pattern in lexicon.WORK]
    more = [(pattern, _Sign.MORE_WORK) for pattern in lexicon.MORE_WORK]
    return FilteredPatterns(_in_any_case(work + more))


def is_side_call(text: str) -> bool:
    r"""Whether a user's turn is one.

    Example:
        >>> is_side_call("Please write a title for this request:\n\nDesign a rate limiter in Go")
        True
        >>> is_side_call("Write a function that returns the title of the conversation")
        False
    """
    if len(text) < _SHORTEST:
        return False
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    return _is_side_call(text)


@lru_cache(maxsize=256)
def is_side_prompt(text: str) -> bool:
    """Whether a system prompt makes every request one; only its beginning counts.

    Remembered: a program sends the same system prompt with every request.
    """
    return len(text) >= _SHORTEST and _is_side_call(text[:_HEAD], shapes_in=_SYSTEM_HEAD)


def _is_side_call(text: str, shapes_in: int = _HEAD + _TAIL + 1) -> bool:
    encoded = encode(text)
    if not _is_hinted_at(encoded):
        return False
    signs = _signs().labels(encoded)
    if _Sign.WHOLE not in signs and not _is_shape(signs):
        return False
    if (unquoted := _QUOTED.sub(" ", text)) != text:
        return _is_side_call(unquoted, shapes_in)
    if _Sign.WHOLE in signs:
        return True
    of_talk = signs & _TALK
    sentences = islice(_SENTENCE.finditer(text, 0, shapes_in), _MOST_SENTENCES)
    return any(_is_side_sentence(match, text, of_talk) for match in sentences)


def _is_hinted_at(text: bytes) -> bool:
    """Whether a text may be one: a quick look, with which hardly any other text passes."""
    made = _hints_of_made().labels(text)
    if not made:
        return False
    if _Sign.WHOLE in made and _whole().may_occur(text):
        return True
    return _is_shape({_Sign.MAKER, *made, *_hints_beside().labels(text)})


def _is_side_sentence(match: re.Match[str], text: str, of_talk: set[int]) -> bool:
    sentence = match[0]
    signs = _signs().labels(encode(sentence))
    if _Sign.LIMIT in signs:
        signs |= of_talk  # a limit shows what it is about; the source may stand by itself
    if not _is_shape(signs):
        return False
    reach = _REACH.search(sentence)
    asked = sentence[: reach.end() + _BEHIND] if reach else sentence
    if _Sign.WORK in _work().labels(encode(asked)):
        return False
    end = text.find("\n", match.end())
    line = text[match.start() : end if end >= 0 else len(text)]
    return _Sign.MORE_WORK not in _work().labels(encode(line))


def _is_shape(signs: set[int]) -> bool:
    """Whether the signs of one sentence are those of a side call."""
    made = signs & _MADE
    if not made or (_Sign.MAKER not in signs and _Sign.SUMMARY not in made):
        return False
    if _Sign.META in made:
        return True
    of_talk = bool(signs & _TALK)
    is_bounded = _Sign.ONLY in signs or _Sign.LIMIT in signs
    if _Sign.TITLE in made and (of_talk or {_Sign.ONLY, _Sign.LIMIT} <= signs):
        return True
    if _Sign.SUMMARY in made and (_Sign.CHAT in signs or _Sign.RESUMED in signs):
        return True
    return bool(made & {_Sign.NEXT, _Sign.QUERY}) and (of_talk or is_bounded)
