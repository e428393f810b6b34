"""The framing of an upstream's stream: events, lines of JSON, or one document, whoever sends it."""

from __future__ import annotations

import re
from typing import Final

from gearshift.dialects.decoding import BOM
from gearshift.dialects.ndjson import MAX_FRAME_BYTES, LineDecoder
from gearshift.dialects.sse import END_MARK, Event, Form, SSEDecoder, is_document

_START_BYTES: Final = 1024
_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b":")
_OPENS_DOCUMENT: Final = re.compile(rb'\{\s*(?:"|$)')
_LONE_RETURN: Final = re.compile(rb"(?<=\r)(?!\n)")


def is_stream_of_events(raw: bytes) -> bool:
    """Whether a body begins as server-sent events do."""
    return raw.removeprefix(BOM).lstrip().startswith(_FIELDS)


class DocumentCutter:
    r"""Cuts a stream into JSON documents, one a line, or each over many lines.

    >>> DocumentCutter().feed(b'{"a":1}\n{"b"')[0].data
    b'{"a":1}\n'
    """

    def __init__(self) -> None:
        self._cutter = LineDecoder()
        self._lines: list[bytes] = []  # of a document that is not complete yet
        self._size = 0

    def feed(self, data: bytes) -> list[Event]:
        """The documents that `data` completes."""
        return self._read(self._cutter.feed(data))

    def finish(self) -> list[Event]:
        """A last document without its line end, or what there is of one."""
        return [*self._read(self._cutter.finish()), *self._taken()]

    def _read(self, lines: list[bytes]) -> list[Event]:
        return [event for line in lines for part in _parts(line) for event in self._take(part)]

    def _take(self, line: bytes) -> list[Event]:
        content = line.removeprefix(BOM).strip()
        if self._lines:
            self._lines.append(line)
            self._size += len(line)
            is_end = content == b"}" and is_document(b"".join(self._lines).removeprefix(BOM))
            return self._taken() if is_end or self._size > MAX_FRAME_BYTES else []
        if not content:
            return [Event(line, form=Form.LINE)]
        if content[-1:] in b"{[," and _OPENS_DOCUMENT.match(content):
            self._lines, self._size = [line], len(line)
            return []
        return [_line(line, content)]

    def _taken(self) -> list[Event]:
        raw, self._lines = b"".join(self._lines), []
        return [Event(raw, data=raw.removeprefix(BOM), form=Form.DOCUMENT)] if raw else []


def _parts(line: bytes) -> list[bytes]:
    """The lines in a line, where some end with a return alone."""
    if b"\r" not in line.rstrip(b"\r\n") or is_document(line):
        return [line]
    return [part for part in _LONE_RETURN.split(line) if part]


def _line(raw: bytes, content: bytes) -> Event:
    """A line, which among lines of JSON may be that of an event."""
    if len(raw) > MAX_FRAME_BYTES:
        return Event(raw, error=f"a line is larger than {MAX_FRAME_BYTES} bytes")
    if content.startswith(_FIELDS):
        name, _, value = content.partition(b":")
        return Event(raw, data=value.strip() if name == b"data" else None, form=Form.LOOSE_EVENT)
    if content == END_MARK:
        return Event(raw, data=content, form=Form.LOOSE_EVENT)
    return Event(raw, data=raw, form=Form.LINE)


class FrameCutter:
    """Cuts a stream by whatever framing it begins with.

    Args:
        usual: The form of the dialect, for what begins as neither.
    """

    def __init__(self, usual: Form) -> None:
        self._usual = usual
        self._start: list[bytes] = []  # not enough yet to tell
        self._cutter: SSEDecoder | DocumentCutter | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The pieces that `data` completes."""
        if self._cutter is not None:
            return self._cutter.feed(data)
        self._start.append(data)
        start = b"".join(self._start)
        self._cutter = self._chosen(start)
        return [] if self._cutter is None else self._cutter.feed(start)

    def finish(self) -> list[Event]:
        """What is left at the end of the stream."""
        events: list[Event] = []
        if self._cutter is None:
            self._cutter = DocumentCutter() if self._usual is Form.LINE else SSEDecoder()
            events = self._cutter.feed(b"".join(self._start))
        return [*events, *self._cutter.finish()]

    def _chosen(self, start: bytes) -> SSEDecoder | DocumentCutter | None:
        """The cutter for what begins so; `None`: it cannot be known yet."""
        content = start.removeprefix(BOM).lstrip()
        is_cut_mark = len(start) < len(BOM) and BOM.startswith(start)
        if (not content and len(start) < _START_BYTES) or is_cut_mark:
            return None
        if content[:1] == b"{":
            return DocumentCutter()
        if self._usual is Form.EVENT or content.startswith(_FIELDS):
            return SSEDecoder()
        may_become_field = any(field.startswith(content) for field in _FIELDS)
        return None if may_become_field and content else DocumentCutter()
