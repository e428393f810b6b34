"""SingleFlight: identical requests in progress share one answer, which each gets from its start.

Whoever asks first has a shared answer begun: a task that asks the upstream and reads what it says.
Everybody, the first one too, is a reader of what has come so far, at a pace of its own. The answer
goes on while it has readers, whoever leaves; the last one to leave ends it.

An answer is held until its end while it is short enough to be kept in the cache. Of a longer one,
no more than that is held: the reader who pays for it, in the accounts, sets the pace, others that
fall behind lose the answer, and nobody can join any more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.types import ChatRequest, ChatResponse, CompleteResponse, Frame, FrameStream

_FRAME_BYTES: Final = 500
"""What a frame takes besides its bytes, about."""


Ask = Callable[[], Awaitable[ChatResponse]]
TakeOver = Callable[[Call], object]
"""Told who pays for an answer from now on, as the one who paid has left."""


class SingleFlight:
    """The shared answers in progress, by their keys.

    Args:
        most_bytes: How much of an answer is held.
        take_over: Told of a reader who takes over.
    """

    def __init__(self, most_bytes: int, take_over: TakeOver) -> None:
        self._most_bytes = most_bytes
        self._take_over = take_over
        self._in_progress: dict[str, SharedAnswer] = {}

    def find(self, key: str) -> SharedAnswer | None:
        """The answer in progress that one more can still join."""
        shared = self._in_progress.get(key)
        return shared if shared is not None and shared.is_joinable else None

    async def lead(self, key: str, call: Call, ask: Ask) -> ChatResponse:
        """Answer a call, and others with the same key that come meanwhile.

        Args:
            key: What the answer will be kept under.
            call: Who asks.
            ask: Asks an upstream.

        Raises:
            GearshiftError: Whatever `ask` raises.
        """
        if key in self._in_progress:  # nobody can join that one, and a second would be no better
            return await ask()
        forget = partial(self._in_progress.pop, key)
        shared = SharedAnswer(call.request, ask, self._most_bytes, self._take_over, forget)
        self._in_progress[key] = shared
        reader = shared.join(call)
        response = await reader.answer()
        if isinstance(response.frames, CompleteResponse):
            return response
        return response._replace(frames=reader)


class SharedAnswer:
    """One answer in progress, and its readers.

    Args:
        request: What is asked.
        ask: Asks an upstream.
        most_bytes: How much is held.
        take_over: Told of a reader who takes over.
        forget: Called once it is over, before any reader learns of that, who might ask again.

    Attributes:
        task: Asks and reads.
        response: The answer, once its first content is there.
        is_over: Nothing follows.
        error: What broke it off.
    """

    def __init__(
        self,
        request: ChatRequest,
        ask: Ask,
        most_bytes: int,
        take_over: TakeOver,
        forget: Callable[[], object],
    ) -> None:
        self.request = request
        self.response: ChatResponse | None = None
        self.error: Exception | None = None
        self.is_over = False
        self._ask = ask
        self._most_bytes = most_bytes
        self._take_over = take_over
        self._frames: deque[Frame] = deque()
        self._first = 0  # the place of the oldest frame that is held
        self._bytes = 0
        self._readers: list[Reader] = []
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._forget = forget
        self.task = asyncio.get_running_loop().create_task(self._obtain())
        self.task.add_done_callback(lambda _: self._end())  # it may not even have begun

    @property
    def is_joinable(self) -> bool:
        """Whether all of it is there, or will be."""
        return self._first == 0 and self.error is None

    def join(self, call: Call) -> Reader:
        """One more reader; the first one pays."""
        reader = Reader(self, call)
        self._readers.append(reader)
        return reader

    def at(self, position: int) -> Frame | None:
        """The frame at a place; `None` where it has not come.

        Raises:
            UpstreamError: It is not held any more.
        """
        if position < self._first:
            raise UpstreamError(
                "the answer is longer than what is held for readers as slow as this one",
                fault=FailureKind.CUT_OFF,
            )
        place = position - self._first
        return self._frames[place] if place < len(self._frames) else None

    def read_on(self, reader: Reader) -> None:
        """A reader has taken a frame."""
        if reader is self._readers[0]:
            self._room.set()

    async def news(self) -> None:
        """Wait until something has happened."""
        await self._news.wait()

    async def leave(self, reader: Reader) -> None:
        """A reader reads no more; with the last one, the answer ends."""
        paid = self._readers[0] is reader
        self._readers.remove(reader)
        if self.task.done():
            return
        if not self._readers:
            self.task.cancel()
            await asyncio.wait([self.task])
        elif paid:
            # Whoever is ahead has lost nothing, unless all have.
            self._readers.sort(key=lambda one: -one.position)
            self._take_over(self._readers[0].call)
            self._room.set()

    def _end(self) -> None:
        if not self.is_over:
            self.is_over = True
            if self.response is None and self.error is None:
                self.error = UpstreamError("it was given up", fault=FailureKind.CUT_OFF)
            self._forget()
            self._tell()

    async def _obtain(self) -> None:
        try:
            response = await self._ask()
            self.response = response
            self._tell()
            if isinstance(response.frames, CompleteResponse):
                self._frames.append(response.frames.frame)
            else:
                await self._read(response.frames)
        except Exception as error:  # noqa: BLE001 - its readers raise it
            self.error = error
        except asyncio.CancelledError:
            self.error = UpstreamError("it was given up", fault=FailureKind.CUT_OFF)
            raise
        finally:
            self._end()

    async def _read(self, frames: FrameStream) -> None:
        try:
            while (frame := await frames.read()) is not None:
                self._frames.append(frame)
                self._bytes += _size(frame)
                self._tell()
                while self._bytes > self._most_bytes:
                    await self._forget_oldest()
        finally:
            await frames.aclose()

    async def _forget_oldest(self) -> None:
        while self._readers[0].position <= self._first:
            self._room.clear()
            await self._room.wait()
        self._bytes -= _size(self._frames.popleft())
        self._first += 1

    def _tell(self) -> None:
        self._news.set()
        self._news.clear()


class Reader:
    """The frames of a shared answer, for one of those who asked; `aclose` leaves.

    Attributes:
        call: Who asked.
        position: The place of the next frame.
    """

    __slots__ = ("_as_chunks", "_has_left", "_shared", "call", "position")

    def __init__(self, shared: SharedAnswer, call: Call) -> None:
        self.call = call
        self.position = 0
        self._shared = shared
        self._as_chunks = False
        self._has_left = False

    async def answer(self) -> ChatResponse:
        """The answer, as soon as its first content is there.

        Raises:
            GearshiftError: There is none.
        """
        shared = self._shared
        try:
            while shared.response is None and shared.error is None:
                await shared.news()
        except BaseException:
            await self.aclose()
            raise
        if shared.response is None:
            await self.aclose()
            assert shared.error is not None
            raise shared.error.with_traceback(None)
        return shared.response

    def as_chunks(self) -> None:
        """Read what the frames say from now on, not their bytes."""
        self._as_chunks = True

    async def all(self) -> list[Frame]:
        """Every frame that is left; then it has left.

        Raises:
            GearshiftError: The answer breaks off.
        """
        try:
            frames = []
            while (frame := await self.read()) is not None:
                frames.append(frame)
            return frames
        finally:
            await self.aclose()

    async def read(self) -> Frame | None:
        """The next frame.

        Raises:
            GearshiftError: The answer breaks off here.
        """
        shared = self._shared
        while True:
            frame = shared.at(self.position)
            if frame is not None:
                self.position += 1
                shared.read_on(self)
                if not self._as_chunks:
                    return frame
                if frame.chunk is not None:
                    return Frame(b"", frame.chunk)
            elif shared.error is not None:
                raise shared.error.with_traceback(None)
            elif shared.is_over:
                return None
            else:
                await shared.news()

    async def aclose(self) -> None:
        """Leave; the last one ends the answer."""
        if not self._has_left:
            self._has_left = True
            await self._shared.leave(self)


def _size(frame: Frame) -> int:
    return len(frame.raw) + _FRAME_BYTES
