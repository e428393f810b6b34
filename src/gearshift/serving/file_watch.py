"""ConfigWatch: notices when the configuration file has changed, by looking at it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger(__name__)

_Mark = tuple[str, int, int, int]


class ConfigWatch:
    """Compares what the file system says of the file; make it before the file is read.

    A change counts when two looks in a row have seen the same, so that a file is not read while
    it is being written. Symbolic links are followed, because Kubernetes changes a mounted file
    by changing a link above it.

    Args:
        find: Where the file is, `None` where there is none. Once found, it is looked for there.
    """

    def __init__(self, find: Callable[[], Path | None]) -> None:
        self._find = find
        self._path: Path | None = None
        self._candidate: _Mark | None = None
        self._is_gone = False
        self._seen = self._look()

    def has_changed(self) -> bool:
        """Whether it has changed and come to rest since the last change that was told."""
        mark = self._look()
        if mark is None:
            self._candidate = None
            self._say_gone()
            return False
        self._is_gone = False
        if mark == self._seen:
            self._candidate = None
            return False
        if mark != self._candidate:
            self._candidate = mark
            return False
        self._seen = mark
        return True

    def accept(self) -> None:
        """Take the file as it is now as known: it is about to be read."""
        self._seen = self._look() or self._seen

    def _look(self) -> _Mark | None:
        self._path = self._path or self._find()
        if self._path is None:
            return None
        try:
            status = self._path.stat()
        except OSError:
            return None
        if not status.st_size:
            return None  # somebody is about to fill it
        return str(self._path), status.st_mtime_ns, status.st_size, status.st_ino

    def _say_gone(self) -> None:
        if self._seen is not None and not self._is_gone:
            self._is_gone = True
            logger.warning("%s is gone or empty; its last content stays active", self._path)
