"""SingleFlight: identical requests in progress share one answer, which each gets from its start.

Who asks first has a flight begun: a task that asks the upstream and reads the answer. Everybody,
the first one too, is a passenger, who reads what has come so far at a pace of its own. The flight
goes on while it has any, whoever leaves; the last one to leave ends it.

An answer is held until its end while it is short enough to be kept in the cache. Of a longer one,
no more than that is held: the passenger who pays for it, in the accounts, sets the pace, others
that fall behind lose the answer, and nobody gets on any more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
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
    """The flights under way, by the keys of their answers.

    Args:
        most_bytes: How much of an answer is held.
        take_over: Told of a passenger who takes over.
    """

    def __init__(self, most_bytes: int, take_over: TakeOver) -> None:
        self._most_bytes = most_bytes
        self._take_over = take_over
        self._flights: dict[str, Flight] = {}

    def find(self, key: str) -> Flight | None:
        """The flight that one more can still join."""
        flight = self._flights.get(key)
        return flight if flight is not None and flight.is_joinable else None

    async def lead(self, key: str, call: Call, ask: Ask) -> ChatResponse:
        """Answer a call, and others with the same key that come meanwhile.

        Args:
            key: What the answer will be kept under.
            call: Who asks.
            ask: Asks an upstream.

        Raises:
            GearshiftError: Whatever `ask` raises.
        """
        if key in self._flights:  # nobody can join that one, and one more would be nothing better
            return await ask()
        flight = Flight(call.request, ask, self._most_bytes, self._take_over)
        self._flights[key] = flight
        flight.when_over(lambda: self._flights.pop(key, None))
        passenger = flight.board(call)
        response = await passenger.answer()
        if isinstance(response.frames, CompleteResponse):
            return response
        return response._replace(frames=passenger)


class Flight:
    """One answer on its way to its passengers.

    Args:
        request: What is asked.
        ask: Asks an upstream.
        most_bytes: How much is held.
        take_over: Told of a passenger who takes over.

    Attributes:
        task: Asks and reads.
        response: The answer, once its first content is there.
        is_over: Nothing follows.
        error: What broke it off.
    """

    def __init__(
        self, request: ChatRequest, ask: Ask, most_bytes: int, take_over: TakeOver
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
        self._passengers: list[Passenger] = []
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._forget: Callable[[], object] = lambda: None
        self.task = asyncio.get_running_loop().create_task(self._fly())

    @property
    def is_joinable(self) -> bool:
        """Whether all of it is there, or will be."""
        return self._first == 0 and self.error is None

    def board(self, call: Call) -> Passenger:
        """One more reader; the first one pays."""
        passenger = Passenger(self, call)
        self._passengers.append(passenger)
        return passenger

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

    def read_on(self, passenger: Passenger) -> None:
        """A passenger has taken a frame."""
        if passenger is self._passengers[0]:
            self._room.set()

    async def news(self) -> None:
        """Wait until something has happened."""
        await self._news.wait()

    async def leave(self, passenger: Passenger) -> None:
        """A passenger reads no more; with the last one, the flight ends."""
        paid = self._passengers[0] is passenger
        self._passengers.remove(passenger)
        if self.task.done():
            return
        if not self._passengers:
            self.task.cancel()
            await asyncio.wait([self.task])
        elif paid:
            # Whoever is ahead has lost nothing, unless all have.
            self._passengers.sort(key=lambda one: -one.position)
            self._take_over(self._passengers[0].call)
            self._room.set()

    def when_over(self, forget: Callable[[], object]) -> None:
        """Have it forgotten before anybody learns of its end, who might ask again."""
        self._forget = forget
        self.task.add_done_callback(lambda _: self._end())  # it may not even have begun

    def _end(self) -> None:
        if not self.is_over:
            self.is_over = True
            if self.response is None and self.error is None:
                self.error = UpstreamError("it was given up", fault=FailureKind.CUT_OFF)
            self._forget()
            self._tell()

    async def _fly(self) -> None:
        try:
            response = await self._ask()
            self.response = response
            self._tell()
            if isinstance(response.frames, CompleteResponse):
                self._frames.append(response.frames.frame)
            else:
                await self._read(response.frames)
        except Exception as error:  # noqa: BLE001 - its passengers raise it
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
        while self._passengers[0].position <= self._first:
            self._room.clear()
            await self._room.wait()
        self._bytes -= _size(self._frames.popleft())
        self._first += 1

    def _tell(self) -> None:
        self._news.set()
        self._news.clear()


class Passenger:
    """Frames of a flight, for one of its readers; `aclose` gets off.

    Attributes:
        call: Whose reader it is.
        position: The place of the next frame.
    """

    __slots__ = ("_as_chunks", "_flight", "_has_left", "call", "position")

    def __init__(self, flight: Flight, call: Call) -> None:
        self.call = call
        self.position = 0
        self._flight = flight
        self._as_chunks = False
        self._has_left = False

    async def answer(self) -> ChatResponse:
        """The answer, as soon as its first content is there.

        Raises:
            GearshiftError: There is none.
        """
        flight = self._flight
        try:
            while flight.response is None and flight.error is None:
                await flight.news()
        except BaseException:
            await self.aclose()
            raise
        if flight.response is None:
            await self.aclose()
            assert flight.error is not None
            raise flight.error.with_traceback(None)
        return flight.response

    def as_chunks(self) -> None:
        """Read what the frames say from now on, not their bytes."""
        self._as_chunks = True

    async def all(self) -> list[Frame]:
        """Every frame that is left; then it has got off.

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
        flight = self._flight
        while True:
            frame = flight.at(self.position)
            if frame is not None:
                self.position += 1
                flight.read_on(self)
                if not self._as_chunks:
                    return frame
                if frame.chunk is not None:
                    return Frame(b"", frame.chunk)
            elif flight.error is not None:
                raise flight.error.with_traceback(None)
            elif flight.is_over:
                return None
            else:
                await flight.news()

    async def aclose(self) -> None:
        """Get off; the last one ends the flight."""
        if not self._has_left:
            self._has_left = True
            await self._flight.leave(self)


def _size(frame: Frame) -> int:
    return len(frame.raw) + _FRAME_BYTES
