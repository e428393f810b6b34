"""Logs: one line a record on standard error."""

from __future__ import annotations

import logging
import sys


def configure_logs(level: int = logging.INFO) -> None:
    """Send gearshift's records to standard error; libraries speak only of trouble."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("gearshift").setLevel(level)


def write_lines(lines: bytes) -> None:
    """Write lines that are complete already, such as those about requests."""
    sys.stderr.buffer.write(lines)
    sys.stderr.buffer.flush()


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        text = f"{time} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text
