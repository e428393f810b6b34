"""Whether a text asks a code model to fill a gap: what editors send with every keystroke."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from gearshift.tiered_routing.lexicon import completions


def _any_of(*groups: tuple[str, ...]) -> str:
    return "|".join(pattern for group in groups for pattern in group)


_GAP: Final = re.compile(_any_of(completions.GAP_MARKS))
_BEGINS: Final = re.compile(
    rf"(?:\s|▁|{_any_of(completions.EMPTY_MARKS)})*+"
    rf"(?:{_any_of(completions.GAP_MARKS, completions.CONTEXT_MARKS)})"
)
# The file's name, or a comment with it, may stand before the first mark: on lines of its own.
_GAP_ON_A_LINE: Final = re.compile(rf"(?m)^▁?(?:{_any_of(completions.GAP_MARKS)})")
_ENDS: Final = re.compile(rf"(?:{_any_of(completions.GAP_MARKS)})\s*\Z")
_EDIT: Final = re.compile(rf"(?m)^[ \t]*+(?:{_any_of(completions.EDIT_MARKS)})[ \t]*$")
_HINTS: Final = ("<", "[PREFIX]", "[SUFFIX]", "{{")
_EDIT_HINTS: Final = ("<|", "<｜", "FILL_")
_LISTED: Final = re.compile(rf"(?:{_GAP.pattern})\s*(?:,|/|&|\+|and|or)\s*(?:{_GAP.pattern})")
_LONGEST_MARK: Final = 40
_WINDOW: Final = 12_000
"""Of longer texts as much of the head and of the tail is read."""
_MOST_MARKS: Final = 20
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
    if not any(hint in text for hint in _HINTS):
        return False
    if len(text) > 2 * _WINDOW:
        text = f"{text[:_WINDOW]} {text[-_WINDOW:]}"
    if _BEGINS.match(text):
        return _has_two_marks(text)
    if _ENDS.search(text, max(0, len(text) - _LONGEST_MARK)) and _GAP_ON_A_LINE.search(text):
        return _has_two_marks(text)
    return any(hint in text for hint in _EDIT_HINTS) and _EDIT.search(text) is not None


def _has_two_marks(text: str) -> bool:
    marks = {match[0] for match in islice(_GAP.finditer(text), _MOST_MARKS)}
    return len(marks) > 1 and not _LISTED.search(text, 0, _LISTED_IN)
