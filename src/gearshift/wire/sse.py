"""Server-sent events, cut and read whatever the sizes in which bytes arrive."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gearshift.wire.ndjson import MAX_FRAME_BYTES

_BLANK_LINE: Final = re.compile(rb"(?:\n|\r\n?+)(?:\n|\r\n?+)")
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_BOM: Final = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its bytes as received, its name, and its data (`None` for comments).

    Attributes:
        error: Why it cannot be read: it is larger than any engine's event.
    """

    raw: bytes
    name: bytes = b""
    data: bytes | None = None
    error: str | None = None


class EventCutter:
    r"""Cuts a stream into events; the sum of their bytes is the stream.

    >>> EventCutter().feed(b"data: 1\n\ndata")[0].data
    b'1'
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # no event ends before this

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""
        if not self._buffer and _is_plain(data):
            return [Event(data, data=data[6:-2])]
        self._buffer += data
        buffer = self._buffer
        events = []
        start = _content_start(buffer, 0)
        begin = 0
        search = max(start, self._searched)
        while end := _BLANK_LINE.search(buffer, search):
            events.append(read_event(bytes(buffer[begin : end.end()])))
            begin = end.end()
            search = _content_start(buffer, begin)
        del buffer[:begin]
        self._searched = max(0, len(buffer) - 3)
        if len(buffer) > MAX_FRAME_BYTES:
            events += self.finish()
        return events

    def finish(self) -> list[Event]:
        """A last event without its blank line, if there is one."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return [read_event(rest)] if rest else []


def _content_start(buffer: bytearray, start: int) -> int:
    """Where the first line that is not blank begins; blank lines before an event end nothing."""
    while start < len(buffer) and buffer[start] in b"\r\n":
        start += 1
    return start


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
    """The event that `raw` holds."""
    if len(raw) > MAX_FRAME_BYTES:
        return Event(raw, error=f"an event is larger than {MAX_FRAME_BYTES} bytes")
    if _is_plain(raw):
        return Event(raw, data=raw[6:-2])
    if raw[:6] == b"data: " and b"\r" not in raw:
        only = raw[6:].rstrip(b"\n")
        if b"\n" not in only:
            return Event(raw, data=only)
    name = b""
    data: list[bytes] = []
    for line in _LINE_END.split(raw.removeprefix(_BOM)):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return Event(raw, name, b"\n".join(data) if data else None)
