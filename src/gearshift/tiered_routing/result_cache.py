"""ResultCache: results for texts that were seen before, without keeping the texts."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, TypeVar

from gearshift.tiered_routing.conversation import ScoredText, task_of

T = TypeVar("T")
Key = tuple[int, int, str]

_LONGEST: Final = 16_384
_SHORTEST: Final = 120  # `conversation.is_follow_up` looks at shorter ones
_CONVERSATION: Final = "conversation"
_ALONE: Final = "alone"


class ResultCache(Generic[T]):
    """A bounded map from texts to results; the oldest goes first.

    An agent sends the same user's turn again with every step that a tool takes for it, and a
    client that tries again sends everything again: the result is the same.

    Args:
        size: How many results are kept, 0 for none.

    Any thread may use it: reading is one step, and one thread at a time writes.
    """

    __slots__ = ("_results", "_size", "_writing")

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: dict[Key, T] = {}
        self._writing = Lock()

    def key(self, text: str, note: str) -> Key | None:
        """What stands for a text; `None` for one that is not worth remembering.

        64 bits of a keyed hash whose key nobody knows: no client can make two texts collide.
        """
        if len(text) > _LONGEST or not self._size:
            return None
        return hash(text), len(text), note

    def conversation_key(self, messages: object) -> Key | None:
        """What stands for a conversation of which only the last turn and system prompt count.

        That is so where the last turn is the user's, in plain words, and there is no other, or it
        is too long to follow up on others.
        """
        if type(messages) is not list or not messages or not self._size:
            return None
        first, last = messages[0], messages[-1]
        if type(first) is not dict or type(last) is not dict or last.get("role") != "user":
            return None
        text, system = last.get("content"), first.get("content")
        if type(text) is not str or len(text) > _LONGEST or "<" in text or text.isspace():
            return None
        others = len(messages) - 1
        if first.get("role") not in ("system", "developer"):
            system = ""
        elif type(system) is not str:
            return None
        else:
            others -= 1
        if not others:
            return hash(text), hash(system), _ALONE
        return (hash(text), hash(system), _CONVERSATION) if len(text) > _SHORTEST else None

    def get(self, key: Key | None) -> T | None:
        """The result for a text, if it is still known."""
        return None if key is None else self._results.get(key)

    def put(self, key: Key | None, result: T) -> None:
        """Keep a result."""
        if key is None:
            return
        results = self._results
        with self._writing:
            if len(results) >= self._size and key not in results:
                del results[next(iter(results))]
            results[key] = result


def remembered_result(
    memory: ResultCache[T], text_or_messages: object, scored: Callable[[ScoredText], T]
) -> T:
    """The result for a text or a conversation: a remembered one, else what `scored` says."""
    plain = memory.conversation_key(text_or_messages)
    result = memory.get(plain)
    if result is not None:
        return result
    task = task_of(text_or_messages)
    key = memory.key(task.text, task.note)
    result = memory.get(key)
    if result is None:
        result = scored(task)
        memory.put(key, result)
    if not task.leans or (plain is not None and plain[-1] == _ALONE):
        memory.put(plain, result)
    return result
