"""The pieces of an answer put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gearshift.types import Chunk, Frame, ToolCall


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Pieces put together: texts and arguments concatenated, the last word on everything else."""
    last = Chunk()
    for chunk in chunks:
        last = Chunk(
            finish_reason=chunk.finish_reason or last.finish_reason,
            usage=chunk.usage or last.usage,
            model=chunk.model or last.model,
            load_seconds=chunk.load_seconds or last.load_seconds,
            timings=chunk.timings or last.timings,
        )
    return last._replace(
        content="".join(chunk.content for chunk in chunks),
        reasoning="".join(chunk.reasoning for chunk in chunks),
        tool_calls=joined_calls([call for chunk in chunks for call in chunk.tool_calls]),
        logprobs=tuple(entry for chunk in chunks for entry in chunk.logprobs),
    )


def joined_frames(raw: bytes, frames: Sequence[Frame]) -> Frame:
    """A stream as the one frame of a whole answer, for servers that stream whatever is asked.

    Args:
        raw: All of it.
        frames: What it says.
    """
    error = next((frame.error for frame in frames if frame.error), None)
    if error is not None:
        return Frame(raw, error=error)
    chunks = [frame.chunk for frame in frames if frame.chunk]
    has_ended = any(frame.is_end for frame in frames) or any(c.finish_reason for c in chunks)
    if not chunks or not has_ended:
        return Frame(raw, error="the answer is a stream that ends before its end mark")
    return Frame(raw, joined(chunks), is_end=True, is_other_shape=True)


def joined_calls(pieces: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """Each call whole, in their order."""
    calls: dict[int, list[ToolCall]] = {}
    for piece in pieces:
        calls.setdefault(piece.index, []).append(piece)
    return tuple(_whole(calls[index]) for index in sorted(calls))


def _whole(pieces: Sequence[ToolCall]) -> ToolCall:
    return replace(
        pieces[0],
        id=next((piece.id for piece in pieces if piece.id), None),
        name="".join(piece.name for piece in pieces if piece.name) or None,
        arguments="".join(piece.arguments for piece in pieces),
    )
