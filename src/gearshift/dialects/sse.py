"""Server-sent events, cut and read whatever the sizes in which bytes arrive."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, NamedTuple

import orjson

from gearshift.dialects.ndjson import MAX_FRAME_BYTES

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_BLANK: Final = frozenset({b"\n", b"\r\n", b"\r"})
_BOM: Final = b"\xef\xbb\xbf"
END_MARK: Final = b"[DONE]"


class Form(Enum):
    """How a piece of a stream is set off from the next one."""

    EVENT = auto()  # as an event: `data:` and a blank line
    LOOSE_EVENT = auto()  # `data:`, but no blank line
    LINE = auto()  # as a line of JSON, with nothing before it
    DOCUMENT = auto()  # the same over several lines

    @property
    def is_bare(self) -> bool:
        """Whether it is JSON with nothing before it."""
        return self in (Form.LINE, Form.DOCUMENT)


class Event(NamedTuple):
    """One event: its bytes as received, its name, and its data (`None` for comments).

    Attributes:
        error: Why it cannot be read: it is larger than any engine's event.
    """

    raw: bytes
    name: bytes = b""
    data: bytes | None = None
    error: str | None = None
    form: Form = Form.EVENT


class SSEDecoder:
    r"""Cuts a stream into events; the sum of their bytes is the stream.

    Servers that put no blank line between events, or no `data:` before them, are understood as
    well: where one object is complete and the next begins, one event ends.

    >>> SSEDecoder().feed(b"data: 1\n\ndata")[0].data
    b'1'
    >>> [event.data for event in SSEDecoder().feed(b'data: {"a":1}\ndata: {"a":2}\n')]
    [b'{"a":1}', b'{"a":2}']
    """

    def __init__(self) -> None:
        self._rest = bytearray()  # a line that is not complete yet
        self._searched = 0  # no line ends before this
        self._lines: list[bytes] = []  # of an event that is not complete yet
        self._size = 0
        self._data: list[bytes] = []
        self._name = b""
        self._has_begun = False
        self._is_bare = False
        self._is_loose = False  # this stream has no blank lines between its events
        self._is_first = True

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""
        if not self._rest and not self._lines and _is_plain(data):
            self._is_first = False
            return [Event(data, data=data[6:-2])]
        self._rest += data
        events: list[Event] = []
        start = self._plain(events) if not self._lines else 0
        while (end := self._line_end(start)) is not None:
            events += self._take(bytes(self._rest[start:end]))
            start = end
        del self._rest[:start]
        self._searched = max(0, len(self._rest) - 1)
        if self._size + len(self._rest) > MAX_FRAME_BYTES:
            events += self.finish()
        return events

    def finish(self) -> list[Event]:
        """A last event without its blank line, if there is one."""
        rest = bytes(self._rest)
        self._rest.clear()
        self._searched = 0
        events = self._take(rest) if rest else []
        return [*events, self._event(Form.LOOSE_EVENT)] if self._lines else events

    def _plain(self, events: list[Event]) -> int:
        """Read events of one line of data each, as nearly all are; where the first other begins."""
        rest, start = self._rest, 0
        while (end := rest.find(b"\n\n", max(start, self._searched - 1))) >= 0:
            raw = bytes(rest[start : end + 2])
            if not _is_plain(raw):
                break
            self._is_first = False
            events.append(Event(raw, data=raw[6:-2]))
            start = end + 2
        return start

    def _line_end(self, start: int) -> int | None:
        match = _LINE_END.search(self._rest, max(start, self._searched))
        if match is None:
            return None
        # Of a line end in two bytes only the first may have come; a blank line is one anyhow.
        is_half = match.end() == len(self._rest) and match.group() == b"\r"
        is_blank = match.start() == start and self._has_begun
        return None if is_half and not is_blank else match.end()

    def _take(self, line: bytes) -> list[Event]:
        """Add a line with its end; the events that it shows to be complete."""
        if line in _BLANK:
            self._add(line)
            return [self._event(Form.EVENT)] if self._has_begun else []
        content = line.rstrip(b"\r\n")
        if self._is_first:
            content, self._is_first = content.removeprefix(_BOM), False
        name, _, value = content.partition(b":")
        events: list[Event] = []
        if (name == b"data" or content[:1] == b"{") and self._is_document():
            events.append(self._event(Form.LOOSE_EVENT))
            self._is_loose = True
        self._is_bare = self._is_bare or (not self._has_begun and content[:1] == b"{")
        self._add(line)
        self._has_begun = True
        if self._is_bare:
            self._data.append(content)
        elif name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._name = value.removeprefix(b" ")
        if self._is_loose and self._is_document():
            events.append(self._event(Form.LOOSE_EVENT))
        return events

    def _add(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)

    def _is_document(self) -> bool:
        return bool(self._data) and is_document(b"\n".join(self._data))

    def _event(self, form: Form) -> Event:
        raw = b"".join(self._lines)
        data = b"\n".join(self._data) if self._data else None
        event = Event(raw, self._name, data, form=Form.DOCUMENT if self._is_bare else form)
        if len(raw) > MAX_FRAME_BYTES:
            event = Event(raw, error=f"an event is larger than {MAX_FRAME_BYTES} bytes")
        self._lines, self._data, self._name, self._size = [], [], b"", 0
        self._has_begun = self._is_bare = False
        return event


def is_document(data: bytes) -> bool:
    """Whether it is all of a JSON object, or the mark that ends a stream."""
    content = data.strip()
    if content == END_MARK:
        return True
    if content[:1] != b"{" or content[-1:] != b"}":
        return False
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return True


def _is_plain(raw: bytes) -> bool:
    """Whether it is just one line of data and its blank line, as nearly all events are."""
    return (
        raw[:6] == b"data: "
        and raw[-2:] == b"\n\n"
        and raw.find(b"\n") == len(raw) - 2
        and b"\r" not in raw
        and len(raw) <= MAX_FRAME_BYTES
    )


def read_event(raw: bytes) -> Event:
    """The event that `raw` holds; without data, where there is nothing but JSON."""
    cutter = SSEDecoder()
    event = next(iter((*cutter.feed(raw), *cutter.finish())), Event(raw))
    return event._replace(raw=raw, data=None if event.form.is_bare else event.data)


def framed(raw: bytes) -> bytes:
    """The one event in `raw`, framed as every client reads it."""
    event, document = read_event(raw), document_in(raw)
    if not document:
        return raw
    name = b"event: " + event.name + b"\n" if event.name else b""
    return name + b"data: " + document + b"\n\n"


def document_in(raw: bytes) -> bytes:
    """The JSON in a piece of a stream, on one line; inside its strings there are no line ends."""
    event = read_event(raw)
    content = event.data if event.data is not None else raw.removeprefix(_BOM)
    return content.replace(b"\r", b" ").replace(b"\n", b" ").strip()
