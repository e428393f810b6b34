"""The progress of a change of models: passed on line by line, or waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import Final

import orjson

from gearshift.dialects.decoding import decode_whole
from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.providers.base import ModelStoreAnswer
from gearshift.types import JsonObject

_WRITE: Final = OllamaDialect().write_stream_error


class ChangeResult(StrEnum):
    """How a change has ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @staticmethod
    def of(error: BaseException) -> ChangeResult:
        """What an exception means: a client that goes cancels what it has asked for."""
        is_end = isinstance(error, asyncio.CancelledError)
        return ChangeResult.CANCELLED if is_end else ChangeResult.FAILED


Ended = Callable[[ChangeResult], Awaitable[None]]
"""Told how it has ended: before the client is told of success, so that it can rely on it."""


class Progress:
    """The lines of an answer as its client gets them; one that breaks off ends with an error.

    Args:
        answer: The upstream's.
        ended: Called once.
    """

    def __init__(self, answer: ModelStoreAnswer, ended: Ended) -> None:
        self._answer = answer
        self._ended = ended
        self._is_over = False

    async def read(self) -> bytes | None:
        """The next lines, `None` at the end."""
        if self._is_over:
            return None
        try:
            lines = await self._answer.read()
        except UpstreamError as error:
            self._is_over = True
            await self._ended(ChangeResult.FAILED)
            return _WRITE(error)
        if not lines:
            self._is_over = True
        if result := _result(lines):
            await self._ended(result)
        return lines or None

    def abort_marker(self) -> bytes:
        """The line that ends the answer when the server cannot wait for its end."""
        return _WRITE(GearshiftError("gearshift is stopping; the upstream has been told to stop"))

    async def aclose(self) -> None:
        """Stop the upstream, unless it is done."""
        await self._answer.aclose()
        await self._ended(ChangeResult.CANCELLED)


def _result(lines: bytes) -> ChangeResult | None:
    """How it has ended by these lines; without any the answer is over, and nothing was wrong."""
    if not lines:
        return ChangeResult.DONE
    return next((result for result, _ in _ends(lines)), None)


def _ends(lines: bytes) -> Iterator[tuple[ChangeResult, bytes]]:
    """The lines among these that tell an end; the first one counts, as it does for Ollama."""
    for line in lines.split(b"\n"):
        told = _decoded(line)
        if told.get("error"):
            yield ChangeResult.FAILED, line
        elif told.get("status") == "success":
            yield ChangeResult.DONE, line


async def last_of(answer: ModelStoreAnswer) -> tuple[int, bytes]:
    """Status and body for a client that waits for the end: its line, or else the last one.

    Raises:
        UpstreamError: The answer breaks off, or says nothing.
    """
    last = b""
    while lines := await answer.read():
        for result, line in _ends(lines):
            return 500 if result is ChangeResult.FAILED else 200, line
        last = lines.rstrip().rpartition(b"\n")[2] or last
    if not last:
        raise UpstreamError("an answer without a line", fault=FailureKind.GARBAGE)
    return 200, last


def _decoded(line: bytes) -> JsonObject:
    try:
        decoded = decode_whole(line)
    except (ValueError, orjson.JSONDecodeError):
        return {}
    return decoded if isinstance(decoded, dict) else {}
