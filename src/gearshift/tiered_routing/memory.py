"""Memory: results for texts that were seen before, without keeping the texts."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

T = TypeVar("T")
Key = tuple[int, int, str]

_LONGEST: Final = 16_384


class Memory(Generic[T]):
    """A bounded map from texts to results; the oldest goes first.

    An agent sends the same user's turn again with every step that a tool takes for it, and a
    client that tries again sends everything again: the result is the same.

    Args:
        size: How many results are kept, 0 for none.
    """

    __slots__ = ("_results", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: dict[Key, T] = {}

    def key(self, text: str, note: str) -> Key | None:
        """What stands for a text; `None` for one that is not worth remembering.

        64 bits of a keyed hash whose key nobody knows: no client can make two texts collide.
        """
        if len(text) > _LONGEST or not self._size:
            return None
        return hash(text), len(text), note

    def get(self, key: Key | None) -> T | None:
        """The result for a text, if it is still known."""
        return None if key is None else self._results.get(key)

    def put(self, key: Key | None, result: T) -> None:
        """Keep a result."""
        if key is None:
            return
        results = self._results
        if len(results) >= self._size:
            del results[next(iter(results))]
        results[key] = result
