"""FolderCache: answers as files of a folder, which outlive the process."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from gearshift.cache.base import CacheConfig

_ENDING = ".answer"


class FolderCache:
    """One file for each answer; its time of change says until when it is kept.

    Args:
        config: `location` is the folder.

    Raises:
        ValueError: There is no location.
    """

    level = "folder"

    def __init__(self, config: CacheConfig) -> None:
        if config.location is None:
            raise ValueError("'folder' needs `cache.location`: the folder for its files")
        self._folder = Path(config.location)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._max_bytes = config.max_bytes

    async def get(self, key: str) -> bytes | None:
        """The value of a key."""
        return await asyncio.to_thread(self._read, self._file(key))

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep a value."""
        await asyncio.to_thread(self._write, self._file(key), value, time.time() + ttl_seconds)

    async def delete(self, key: str) -> None:
        """Forget a value."""
        await asyncio.to_thread(self._file(key).unlink, missing_ok=True)

    async def close(self) -> None:
        """Nothing is open; the files stay for the next process."""

    def _file(self, key: str) -> Path:
        return self._folder / (key.replace(":", "-") + _ENDING)

    def _read(self, file: Path) -> bytes | None:
        try:
            return file.read_bytes() if time.time() < file.stat().st_mtime else None
        except FileNotFoundError:
            return None

    def _write(self, file: Path, value: bytes, until: float) -> None:
        self._make_room(len(value))
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(value)
        os.utime(unfinished, (until, until))
        unfinished.replace(file)  # at once, so that nobody reads half of it

    def _make_room(self, more: int) -> None:
        """Remove what is kept the shortest, until there is room."""
        kept = [(file, file.stat()) for file in self._folder.glob(f"*{_ENDING}")]
        size = more + sum(facts.st_size for _, facts in kept)
        for file, facts in sorted(kept, key=lambda one: one[1].st_mtime):
            if size <= self._max_bytes and time.time() < facts.st_mtime:
                break
            file.unlink(missing_ok=True)
            size -= facts.st_size
