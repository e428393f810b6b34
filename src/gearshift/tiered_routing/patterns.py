"""PatternSet: many patterns, one linear pass, the labels of those that occur."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import re2

# For the automaton that re2 builds as texts come, which grows up to its bound over thousands of
# different texts. Where it is full re2 begins it anew.
_MEMORY_BYTES: Final = 12 << 20
_MEMORY_OF_ONE: Final = 1 << 20


class PatternSet:
    """Finds which of many patterns occur in a text, in time linear in its length.

    Literal sets are given words and stems; pattern sets are given regular expressions in re2's
    syntax. Several patterns may stand for the same label, and one for several.

    Example:
        >>> PatternSet([("cat", 1), ("dog", 2)], is_literal=True).labels(b"a dog")
        [2]
    """

    __slots__ = ("_label_of", "_match")

    def __init__(self, patterns: Iterable[tuple[str, int]], *, is_literal: bool) -> None:
        options = re2.Options()
        options.max_mem = _MEMORY_BYTES
        options.log_errors = False
        options.literal = is_literal
        compiled = re2.Set.SearchSet(options)
        labels: list[int] = []
        for pattern, label in patterns:
            compiled.Add(pattern)
            labels.append(label)
        compiled.Compile()
        self._label_of = tuple(labels).__getitem__
        self._match: Any = compiled.Match

    def labels(self, text: bytes) -> list[int]:
        """The label of every pattern that occurs, once for each pattern; UTF-8 is expected."""
        matched: list[int] | None = self._match(text)
        return list(map(self._label_of, matched)) if matched else []


class FilteredPatterns:
    """Finds which of many patterns occur in a text, each of them searched for by itself.

    Before that one pass over the text looks for the letters that they cannot do without, which
    leaves hardly any. Where patterns are long this is quicker than one automaton for all of them,
    as `PatternSet` has it: with texts that differ from each other it is built as they come.

    Example:
        >>> FilteredPatterns([("cats? and dogs?", 1), ("(?i)bird", 2)]).labels(b"A BIRD, a cat")
        {2}
    """

    __slots__ = ("_label_of", "_match")

    def __init__(self, patterns: Iterable[tuple[str, int]]) -> None:
        options = re2.Options()
        options.max_mem = _MEMORY_OF_ONE
        options.log_errors = False
        compiled = re2.Filter()
        labels: list[int] = []
        for pattern, label in patterns:
            compiled.Add(pattern, options)
            labels.append(label)
        compiled.Compile()
        self._label_of = tuple(labels).__getitem__
        self._match: Any = compiled.Match

    def may_occur(self, text: bytes) -> bool:
        """Whether the letters of any pattern are there: a quick look that misses no pattern."""
        return self._match(text, True) is not None

    def labels(self, text: bytes) -> set[int]:
        """The labels of the patterns that occur; UTF-8 is expected."""
        return set(map(self._label_of, self._match(text) or ()))
