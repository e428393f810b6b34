"""LoopEnd: closes what belongs to an event loop before `asyncio.run` closes the loop itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable


class LoopEnd:
    """Calls `close` when the event loop in which it was armed ends, unless disarmed before; once.

    A loop that ends closes its asynchronous generators while it still runs, which is the one
    moment at which connections, tasks and child processes of it can still be ended in order.

    Args:
        close: Must not mind being called when nothing is open.
    """

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        self._guard: AsyncGenerator[None, None] | None = None

    async def arm(self) -> None:
        """From now on the end of the running loop is looked out for."""
        self._guard = self._guarding()
        await anext(self._guard)

    async def disarm(self) -> None:
        """It is closed already."""
        guard, self._guard = self._guard, None
        if guard is not None:
            self._close = _nothing
            await guard.aclose()

    async def _guarding(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._guard = None
            await self._close()


async def _nothing() -> None:
    pass
