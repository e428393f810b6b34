"""Newline-delimited JSON, cut into lines whatever the sizes in which bytes arrive."""

from __future__ import annotations

from typing import Final

MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
"""What one frame of a stream may hold; more than any engine says in one piece."""


class LineDecoder:
    r"""Cuts a stream into lines, each with its line end; their sum is the stream.

    >>> LineDecoder().feed(b'{"a":1}\n{"b"')
    [b'{"a":1}\n']
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of a line that is not complete yet
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        if b"\n" not in data:
            return self._keep(data)
        *lines, rest = data.split(b"\n")
        lines[0] = b"".join((*self._pieces, lines[0]))
        self._pieces = []
        self._size = 0
        return [line + b"\n" for line in lines] + self._keep(rest)

    def finish(self) -> list[bytes]:
        """A last line without its end, if there is one."""
        rest = b"".join(self._pieces)
        self._pieces = []
        self._size = 0
        return [rest] if rest else []

    def _keep(self, data: bytes) -> list[bytes]:
        if data:
            self._pieces.append(data)
            self._size += len(data)
        return self.finish() if self._size > MAX_FRAME_BYTES else []
