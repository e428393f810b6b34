"""Kept answers as frames: as they came, or in whatever form another client wants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import orjson

from gearshift.cache.entry import CachedAnswer
from gearshift.dialects.base import StreamReader, UpstreamDialect
from gearshift.dialects.pieces import joined
from gearshift.types import ChatRequest, Chunk, CompleteResponse, Frame, FrameStream

NO_DIALECT = ""
"""Of frames that have no bytes of their own, so that each client's dialect writes them."""


class Replay(NamedTuple):
    """A kept answer for one client; `dialect` is that of its frames."""

    frames: FrameStream
    dialect: str


def form_of(request: ChatRequest) -> str:
    """What a client asks for that shapes the bytes of an answer, beside wanting a stream."""
    asked = request.body.get("stream_options") if request.stream else None
    return orjson.dumps([request.dialect, asked], option=orjson.OPT_SORT_KEYS).decode()


def replayed(
    answer: CachedAnswer, request: ChatRequest, dialects: Mapping[str, UpstreamDialect]
) -> Replay | None:
    """A kept answer as its client would have got it from the upstream.

    The upstream's bytes, where the same client's dialect wants them in the same form; they are
    read again as they were when they came. Otherwise what they say, where that is all there is to
    say: several answers, or a stream that does not tell its tokens, cannot be written exactly in
    another form.

    Returns:
        `None` where the answer cannot be had in this form, or cannot be read.
    """
    dialect = dialects.get(answer.dialect)
    if dialect is None:
        return None
    if answer.is_stream == request.stream and answer.form == form_of(request):
        if answer.is_stream:
            reader = dialect.stream_reader()
            return Replay(_Frames(_read_again(reader, answer.frames)), answer.dialect)
        frame = dialect.decode_response(answer.frames[0])
        return None if frame.error else Replay(CompleteResponse(frame), answer.dialect)
    return _in_another_form(answer, request, dialect) if answer.usage is not None else None


def _in_another_form(
    answer: CachedAnswer, request: ChatRequest, dialect: UpstreamDialect
) -> Replay | None:
    if answer.is_stream:
        frames = [*_read_again(dialect.stream_reader(), answer.frames)]
    else:
        frames = [dialect.decode_response(answer.frames[0])]
    chunks = [frame.chunk for frame in frames if frame.chunk is not None]
    is_unreadable = any(frame.error for frame in frames) or not chunks
    if is_unreadable or any(chunk.is_of_another for chunk in chunks):
        return None
    if request.stream:
        return Replay(_Frames(Frame(b"", chunk) for chunk in chunks), NO_DIALECT)
    whole: Chunk = joined(chunks)
    return Replay(CompleteResponse(Frame(b"", whole, is_end=True)), NO_DIALECT)


def _read_again(reader: StreamReader, kept: Iterable[bytes]) -> Iterator[Frame]:
    """One by one, so that a long answer is not read before its client wants it."""
    for raw in kept:
        yield from reader.feed(raw)
    yield from reader.finish()


class _Frames:
    """Frames that are there already."""

    __slots__ = ("_frames",)

    def __init__(self, frames: Iterator[Frame]) -> None:
        self._frames = frames

    async def read(self) -> Frame | None:
        """The next frame."""
        return next(self._frames, None)

    async def aclose(self) -> None:
        """Nothing is held."""
        self._frames = iter(())
