"""Characters that engines, cutting texts by tokens or bytes, have cut in two.

Half of a character is kept in a `str` as the surrogate that Python gives it: U+D800 to U+DFFF for
the halves of JSON escapes, U+DC80 to U+DCFF for bytes that are not UTF-8.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from gearshift.types import Chunk, ToolCall

REPLACEMENT: Final = "\ufffd"

_HALF: Final = re.compile("[\ud800-\udfff]")
_LEADING_HALVES: Final = re.compile("[\ud800-\udfff]{1,6}")
# What the next piece may complete: the first half of a pair of escapes, or the first bytes of a
# character of two to four bytes. What follows a first half of a pair is its second, and no byte.
_BEGUN: Final = re.compile(
    "(?:[\ud800-\udbff]"
    "|(?<![\ud800-\udbff])(?:"
    "[\udcc2-\udcf4]"
    "|[\udce0-\udcf4][\udc80-\udcbf]"
    "|[\udcf0-\udcf4][\udc80-\udcbf]{2}))\\Z"
)


def whole_characters(text: str) -> str:
    r"""`text` with U+FFFD for each half of a character.

    >>> whole_characters("good \ud83d")
    'good \ufffd'
    """
    return _HALF.sub(REPLACEMENT, text)


class HalfCharacters:
    """Puts the halves of characters together that came in different pieces of a stream."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}  # by the text that it is the end of

    @property
    def is_waiting(self) -> bool:
        """Whether the next piece may complete a character."""
        return bool(self._held)

    def joined(self, chunk: Chunk, *, is_last: bool) -> Chunk:
        """The chunk in whole characters; a half at its end waits, unless it is the last."""
        content = self._joined("content", chunk.content, is_last)
        reasoning = self._joined("reasoning", chunk.reasoning, is_last)
        calls = tuple(self._joined_call(call, is_last) for call in chunk.tool_calls)
        if is_last:
            calls += tuple(
                ToolCall(int(key), arguments=whole_characters(half))
                for key, half in self._held.items()
            )
            self._held = {}
        return chunk._replace(
            content=content,
            reasoning=reasoning,
            tool_calls=calls,
            model=_whole(chunk.model),
            finish_reason=_whole(chunk.finish_reason),
            logprobs=tuple(_whole(entry) for entry in chunk.logprobs),
        )

    def _joined_call(self, call: ToolCall, is_last: bool) -> ToolCall:
        return replace(
            call,
            id=whole_characters(call.id) if call.id else call.id,
            name=whole_characters(call.name) if call.name else call.name,
            arguments=self._joined(str(call.index), call.arguments, is_last),
        )

    def _joined(self, key: str, text: str, is_last: bool) -> str:
        begun = self._held.pop(key, "")
        text = begun + text
        if not is_last and (tail := _BEGUN.search(text)):
            self._held[key] = tail.group()
            text = text[: tail.start()]
        if begun and (halves := _LEADING_HALVES.match(text)):
            text = _put_together(halves.group()) + text[halves.end() :]
        return whole_characters(text)


def _whole(value: Any) -> Any:
    """A JSON value in whole characters: nothing completes what stands in it."""
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, dict):
        return {whole_characters(name): _whole(each) for name, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value


def _put_together(halves: str) -> str:
    if halves[0] < "\udc00":
        return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if all("\udc80" <= half <= "\udcff" for half in halves):
        return halves.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return halves
