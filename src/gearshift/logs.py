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


class _Formatter(logging.Formatter):
    """Request records are JSON already; everything else gets time and level."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == "gearshift.requests":
            return record.getMessage()
        time = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        text = f"{time} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text
