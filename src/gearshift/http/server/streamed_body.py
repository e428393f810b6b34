"""StreamedBody: a request's body that is read as it comes, and held back where it is not."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from gearshift.errors import RequestError
from gearshift.http.server.refusals import too_slow

BODY_BYTES_PER_SECOND: Final = 1024
"""Who sends a body more slowly than this, beside its `body_seconds`, is cut off."""


class Wanted(Protocol):
    """Told that there is room for more of a body."""

    def __call__(self, *, asks: bool) -> None:
        """`asks`: the client waits to be told so."""


class StreamedBody:
    """Bytes on their way from a connection to whoever answers its request.

    Args:
        length: As the client has told it.
        seconds: How long the client may keep its reader waiting, beside one second for each
            1,024 bytes that have come.
        wanted: Called when what had come is taken.
        asks: The client sends nothing before it is told to go on.

    Attributes:
        length: As given.
        held_bytes: How much has come and is not read yet.
        has_ended: Whether all of it has come.
    """

    def __init__(self, length: int | None, seconds: float, wanted: Wanted, *, asks: bool) -> None:
        self.length = length
        self.held_bytes = 0
        self.has_ended = False
        self._left = seconds
        self._wanted = wanted
        self._asks = asks
        self._pieces: list[bytes] = []
        self._error: RequestError | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def held(self) -> bytes:
        """What has come and is not read yet."""
        return b"".join(self._pieces)

    # --- called by the reader of the connection

    def feed(self, data: bytes) -> None:
        """A piece has come."""
        self._left += len(data) / BODY_BYTES_PER_SECOND
        self.held_bytes += len(data)
        self._pieces.append(data)
        self._wake()

    def end(self) -> None:
        """All has come."""
        self.has_ended = True
        self._wake()

    def fail(self, error: RequestError) -> None:
        """The rest cannot be read."""
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- called by whoever answers

    async def read(self) -> bytes:
        """What has come since the last call; nothing at the end.

        Raises:
            RequestError: It does not come in time (408), or is malformed.
        """
        if self._asks:
            self._asks = False
            self._wanted(asks=True)
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self.has_ended:
                return b""
            await self._more()
        data = self._pieces[0] if len(self._pieces) == 1 else self.held
        self._pieces = []
        self.held_bytes = 0
        self._wanted(asks=False)
        return data

    async def _more(self) -> None:
        loop = asyncio.get_running_loop()
        since = loop.time()
        self._waiter = loop.create_future()
        try:
            async with asyncio.timeout(max(0.0, self._left)):
                await self._waiter
        except TimeoutError:
            raise too_slow("body") from None
        finally:
            self._waiter = None
            self._left -= loop.time() - since
