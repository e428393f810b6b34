"""Whether a text asks a code model to fill a gap: what editors send with every keystroke."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from gearshift.tiered_routing.excerpt import where_few
from gearshift.tiered_routing.lexicon import completions


def _any_of(*groups: tuple[str, ...]) -> str:
    return "|".join(pattern for group in groups for pattern in group)


_GAP: Final = re.compile(_any_of(completions.GAP_MARKS))
_BEGINS: Final = re.compile(
    rf"(?:[\s▁]++|{_any_of(completions.EMPTY_MARKS)})*+"
    rf"(?:{_any_of(completions.GAP_MARKS, completions.CONTEXT_MARKS)})"
)
# The file's name, or a comment with it, may stand before the first mark: on lines of its own.
_ENDS: Final = re.compile(rf"(?:{_any_of(completions.GAP_MARKS)})\s*(?:<\|assistant\|>\s*)?\Z")
_EDIT: Final = re.compile(_any_of(completions.EDIT_MARKS))
_FIRST_LETTERS: Final = frozenset("<[▁ \t\n")
_EDIT_HINTS: Final = ("<|", "<｜", "FILL_")
_LISTED: Final = re.compile(rf"(?:{_GAP.pattern})\s*(?:,|/|&|\+|and|or)\s*(?:{_GAP.pattern})")
_SIGNS: Final = "<[{"
_LONGEST_MARK: Final = 60
_MOST_MARKS: Final = 20
_MOST_SIGNS: Final = 500
_LISTED_IN: Final = 400


def is_gap_to_fill(text: str) -> bool:
    r"""Whether a text is marked as one around a gap; one that only mentions such marks is not.

    The marks have to frame the text: it begins with one, or the last thing in it is one.

    Example:
        >>> is_gap_to_fill("<PRE> def f(a):\n <SUF>\n    return b <MID>")
        True
        >>> is_gap_to_fill("What do <PRE>, <SUF> and <MID> mean to Code Llama?")
        False
    """
    if text[:1] in _FIRST_LETTERS and _BEGINS.match(text):
        return _has_two_marks(text)
    if "<" not in text and "{{" not in text and "[" not in text:
        return False
    if _ENDS.search(text, max(0, len(text) - _LONGEST_MARK)):
        return _has_two_marks(text, on_a_line=True)
    return any(hint in text for hint in _EDIT_HINTS) and _is_edit(text)


def _has_two_marks(text: str, *, on_a_line: bool = False) -> bool:
    text = where_few(text, _SIGNS, _MOST_SIGNS)
    gaps = [*islice(_GAP.finditer(text), _MOST_MARKS)]
    if len({match[0] for match in gaps}) < 2 or _LISTED.search(text, 0, _LISTED_IN):
        return False
    return not on_a_line or any(_begins_line(text, match) for match in gaps)


def _is_edit(text: str) -> bool:
    text = where_few(text, _SIGNS, _MOST_SIGNS)
    marks = islice(_EDIT.finditer(text), _MOST_MARKS)
    return any(_begins_line(text, match) and _ends_line(text, match) for match in marks)


def _begins_line(text: str, match: re.Match[str]) -> bool:
    start = text.rfind("\n", 0, match.start()) + 1
    return not text[start : match.start()].strip(" \t▁")


def _ends_line(text: str, match: re.Match[str]) -> bool:
    return text[match.end() : match.end() + _LONGEST_MARK].partition("\n")[0].strip() == ""
