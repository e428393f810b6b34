"""Logs: one line a record on standard error, which may be gone or full without harm to anybody."""

from __future__ import annotations

import logging
import os
import select
import sys
from collections.abc import Callable
from typing import Final

_PIECE: Final = 4_096  # what a pipe that says it is ready takes without waiting (PIPE_BUF)
_PATIENCE_MILLISECONDS: Final = 100


def configure_logs(level: int = logging.INFO) -> None:
    """Send gearshift's records to standard error; libraries speak only of trouble."""
    handler = _Handler()
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("gearshift").setLevel(level)


def write_lines(lines: bytes) -> None:
    """Write lines that are complete already, such as those about requests; never fails.

    What standard error does not take is lost and counted: it may be closed, its disk full, its
    reader gone. One who reads too slowly is waited for a tenth of a second, once until he is back.
    """
    _OUTPUT.write(lines)


def on_lost_lines(count_lost: Callable[[int], object]) -> None:
    """Call `count_lost` from now on with the number of lost lines, each time some are lost."""
    _OUTPUT.lost = count_lost


class _Output:
    """Standard error past the interpreter's buffer, which would keep what cannot be written."""

    def __init__(self) -> None:
        self.lost: Callable[[int], object] = lambda count: None
        self._is_behind = False

    def write(self, lines: bytes) -> None:
        """Write them, or count those that cannot be written."""
        rest = memoryview(lines)
        try:
            file = sys.stderr.fileno()
            while rest:
                self._wait(file)
                rest = rest[os.write(file, _piece(rest)) :]
        # AttributeError: there was no standard error when the process began.
        except (OSError, ValueError, AttributeError):
            self.lost(max(1, bytes(rest).count(b"\n")))

    def _wait(self, file: int) -> None:
        """Until it takes something."""
        poll = select.poll()
        poll.register(file, select.POLLOUT)
        if poll.poll(0 if self._is_behind else _PATIENCE_MILLISECONDS):
            self._is_behind = False
            return
        self._is_behind = True
        raise BlockingIOError


def _piece(lines: memoryview) -> bytes:
    """As many whole lines as go at once, so that several processes do not mix theirs."""
    piece = bytes(lines[:_PIECE])
    return piece[: piece.rfind(b"\n") + 1] or piece


_OUTPUT: Final = _Output()


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - a record that cannot be written is no reason to fail
            self.handleError(record)
        else:
            write_lines(line.encode("utf-8", "backslashreplace") + b"\n")


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        text = f"{time} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def notice(text: str) -> None:
    """Tell the operator something in one line on standard error."""
    write_lines(f"gearshift: {text}\n".encode(errors="backslashreplace"))
