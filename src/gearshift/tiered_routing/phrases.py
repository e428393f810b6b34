"""PhraseSet: many words and phrases, looked up by the words of a text and by its pairs of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

Pair = tuple[bytes, bytes]
Labels = tuple[int, ...]


class _Longer(NamedTuple):
    """A phrase of three words and more."""

    pairs: frozenset[Pair]
    words: bytes
    label: int


class PhraseSet:
    """Finds which of many words and phrases occur in a folded text, as whole words.

    An automaton over all of them is no quicker with texts that differ from each other: its state
    holds what was found so far, so that hardly two texts share one, and each is built as it comes.

    Example:
        >>> PhraseSet([("cat", 1), ("guinea pig", 2)]).labels(b" a guinea pig ")
        {2}
    """

    __slots__ = ("_longer", "_of_pair", "_of_word")

    def __init__(self, phrases: Iterable[tuple[str, int]]) -> None:
        self._of_word: dict[bytes, Labels] = {}
        self._of_pair: dict[Pair, Labels] = {}
        longer: list[_Longer] = []
        for phrase, label in phrases:
            words = phrase.encode().split()
            if len(words) == 1:
                self._of_word[words[0]] = (*self._of_word.get(words[0], ()), label)
                continue
            for pair in pairwise(words):
                self._of_pair.setdefault(pair, ())
            if len(words) == 2:
                self._of_pair[words[0], words[1]] += (label,)
            else:
                pairs = frozenset(pairwise(words))
                longer.append(_Longer(pairs, b" " + b" ".join(words) + b" ", label))
        self._longer = _by_rarest_pair(longer)

    def labels(self, folded: bytes) -> set[int]:
        """The labels of those that occur in a text as `text.fold` leaves it."""
        words = folded.split()
        pairs = self._of_pair.keys() & pairwise(words)
        numbers: set[int] = set().union(
            *filter(None, map(self._of_word.get, set(words))),
            *map(self._of_pair.__getitem__, pairs),
        )
        for pair in self._longer.keys() & pairs:
            for phrase in self._longer[pair]:
                if phrase.pairs <= pairs and phrase.words in folded:
                    numbers.add(phrase.label)
        return numbers


def _by_rarest_pair(phrases: Sequence[_Longer]) -> dict[Pair, list[_Longer]]:
    """Each phrase by its pair that fewest others have, so that few are looked at in vain."""
    uses = Counter(pair for phrase in phrases for pair in phrase.pairs)
    by_pair: dict[Pair, list[_Longer]] = {}
    for phrase in phrases:
        by_pair.setdefault(min(phrase.pairs, key=uses.__getitem__), []).append(phrase)
    return by_pair
