"""Reads JSON objects line by line, gzipped or not, from a file or standard input."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any, Final, cast

import orjson

from gearshift.errors import GearshiftError

_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Line:
    """One object.

    Attributes:
        where: `file:line`, for messages.
        position: How many bytes of the file were read so far.
    """

    value: dict[str, Any]
    where: str
    position: int


@dataclass(frozen=True, slots=True)
class RawLine:
    """One line as it stands; `where` and `position` as in `Line`."""

    text: bytes
    where: str
    position: int


def read_lines(file: str) -> Iterator[Line]:
    """The objects of a file (`-` is standard input), one a line; empty lines are skipped.

    Raises:
        GearshiftError: The file cannot be read, or a line is not an object; names file and line.
    """
    for raw in raw_lines(file):
        yield Line(decoded(raw.text, raw.where), raw.where, raw.position)


def raw_lines(file: str) -> Iterator[RawLine]:
    """The lines of a file (`-` is standard input), gzipped or not; empty lines are skipped.

    Raises:
        GearshiftError: The file cannot be read; names file and line.
    """
    shown = "<stdin>" if file == "-" else file
    number = 0
    with ExitStack() as stack:
        try:
            raw = standard_input() if file == "-" else stack.enter_context(open(file, "rb"))
            for number, line in enumerate(_decompressed(raw), 1):
                if line.strip():
                    yield RawLine(line, f"{shown}:{number}", raw.tell() if file != "-" else 0)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise GearshiftError(f"{shown}:{number + 1}: broken gzip data: {error}") from error
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise GearshiftError(f"{shown}: cannot be read: {reason}") from error


def standard_input() -> IO[bytes]:
    """The bytes of standard input.

    Raises:
        GearshiftError: There is none.
    """
    if sys.stdin is None:
        raise GearshiftError("standard input is closed")
    return sys.stdin.buffer


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    if not isinstance(raw, io.BufferedReader):
        raw = io.BufferedReader(cast("io.RawIOBase", raw))
    if raw.peek(2)[:2] == _GZIP_MAGIC:
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw)))
    return raw


def decoded(line: bytes, where: str) -> dict[str, Any]:
    """The object that a line holds.

    Raises:
        GearshiftError: It is none; names file and line.
    """
    try:
        value = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise GearshiftError(f"{where}: not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise GearshiftError(f'{where}: an object is expected, such as {{"prompt": "…"}}')
    return value
