"""Recorder: takes an answer down, and says at its end whether it is worth keeping."""

from __future__ import annotations

from typing import Final

import orjson

from gearshift.types import ChatRequest, Chunk, Frame, Usage

_STOPPED: Final = "stop"
_CALLED: Final = "tool_calls"
_CUT: Final = "length"


class Recorder:
    """Keeps the bytes of an answer's frames while they are few enough.

    Args:
        request: What was asked.
        most_bytes: Of all frames together.
        with_tool_calls: Answers that call tools may be kept.

    Attributes:
        frames: The bytes so far.
        usage: Its tokens, as it has told them last.
    """

    __slots__ = (
        *("_finish", "_has_calls", "_left", "_request", "_said", "_with_calls"),
        *("frames", "usage"),
    )

    def __init__(self, request: ChatRequest, most_bytes: int, *, with_tool_calls: bool) -> None:
        self.frames: list[bytes] = []
        self.usage: Usage | None = None
        self._request = request
        self._left = most_bytes
        self._with_calls = with_tool_calls
        self._said: list[str] = []
        self._has_calls = False
        self._finish: str | None = None

    def add(self, frame: Frame) -> None:
        """Take one frame into account."""
        self._left -= len(frame.raw)
        if self._left < 0:
            self.frames.clear()
            self._said.clear()
            return
        self.frames.append(frame.raw)
        if frame.chunk is not None:
            self._read(frame.chunk)

    def _read(self, chunk: Chunk) -> None:
        self._said.append(chunk.content)
        self._has_calls |= bool(chunk.tool_calls)
        if chunk.usage is not None:
            self.usage = chunk.usage
        if chunk.finish_reason is not None:
            self._finish = chunk.finish_reason

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a complete answer is one that others may be given, too."""
        if self._left < 0:
            return False
        if self._has_calls:
            return self._with_calls and self._finish in (_STOPPED, _CALLED)
        if not self._with_calls and self._may_have_unread_calls():
            return False
        text = "".join(self._said)
        return bool(text.strip()) and self._has_ended() and self._has_its_form(text)

    def _may_have_unread_calls(self) -> bool:
        """Of several answers only the first is read."""
        options = self._request.options
        return bool(options.get("tools")) and (options.get("n") or 1) > 1

    def _has_ended(self) -> bool:
        """By itself, or by a limit that the client set, which is part of the key."""
        is_limited = self._request.options.get("max_tokens") is not None
        return self._finish == _STOPPED or (self._finish == _CUT and is_limited)

    def _has_its_form(self, text: str) -> bool:
        asked = self._request.options.get("response_format")
        if not isinstance(asked, dict) or asked.get("type") not in ("json_object", "json_schema"):
            return True
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError:
            return False
        return True
