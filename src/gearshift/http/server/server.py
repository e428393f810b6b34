"""HttpServer: the seam to what carries requests from clients."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable
from typing import Final

from gearshift.http.server.connection import Connection
from gearshift.http.server.state import ServerState
from gearshift.http.values import HttpHandler, HttpLimits, Refusal

_SWEEP_SECONDS: Final = 0.25
_INTERRUPT_SECONDS: Final = 1.0


class HttpServer:
    """Serves one plane on one listening socket.

    Args:
        handler: The plane.
        refusal: Called for a request that is refused before the handler sees it.
        limits: What one client may cost; may be replaced while running.
        drain_seconds: How long requests in flight may take after `stop`.
        tls: Speak TLS with this context.
        streamed: Paths that end in `/`: requests below them come with their heads, and their
            bodies, of any size, are read as they come.

    Attributes:
        state: What its connections see of it.
    """

    def __init__(
        self,
        handler: HttpHandler,
        refusal: Refusal,
        *,
        limits: HttpLimits | None = None,
        drain_seconds: float = 30.0,
        tls: ssl.SSLContext | None = None,
        streamed: Iterable[str] = (),
    ) -> None:
        paths = tuple(path.encode("ascii") for path in streamed)
        self.state = ServerState(handler, refusal, limits or HttpLimits(), paths)
        self._drain_seconds = drain_seconds
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self, listener: socket.socket) -> None:
        """Accept connections on a socket that listens already."""
        self.state.loop = asyncio.get_running_loop()
        self._listener = listener
        self._sweep()
        self._server = await self.state.loop.create_server(
            lambda: Connection(self.state), sock=listener.dup(), ssl=self._tls, backlog=1024
        )

    def leave(self) -> None:
        """Accept further connections, but end each with its next answer."""
        self.state.is_leaving = True

    async def stop(self, drain_seconds: float | None = None) -> None:
        """Accept no more, let requests in flight finish, then close everything.

        What takes longer than `drain_seconds` is ended with an error, so that no client takes
        half an answer for a whole one.

        Args:
            drain_seconds: In place of those that it was made with.
        """
        self.leave()
        await self._close_listener()
        self.state.is_draining = True
        self._hurry_idle()
        try:
            await self._drain(self._drain_seconds if drain_seconds is None else drain_seconds)
        finally:
            if self._sweeper is not None:
                self._sweeper.cancel()
            for connection in list(self.state.connections):
                connection.abort()

    def _hurry_idle(self) -> None:
        for connection in self.state.connections:
            if connection.is_idle:
                soon = self.state.loop.time() + self.state.grace_seconds
                connection.deadline = min(connection.deadline, soon)

    async def _drain(self, seconds: float) -> None:
        if await self._emptied(seconds):
            return
        self.state.is_interrupted = True
        for connection in list(self.state.connections):
            connection.interrupt()
        await self._emptied(_INTERRUPT_SECONDS)

    async def _close_listener(self) -> None:
        """Stop listening without losing a connection that the kernel has accepted already."""
        if self._server is None:
            return
        self._server.close()
        self._listener.setblocking(False)
        with contextlib.suppress(OSError):  # BlockingIOError: nobody is left
            while True:
                accepted, _ = self._listener.accept()
                accepted.setblocking(False)
                await self.state.loop.connect_accepted_socket(
                    lambda: Connection(self.state), accepted, ssl=self._tls
                )
        self._listener.close()

    async def _emptied(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.state.emptied()
        return not self.state.connections

    def _sweep(self) -> None:
        """Look after the deadlines of all connections; one timer for all of them."""
        state = self.state
        state.tick()
        for connection in [c for c in state.connections if c.deadline < state.now]:
            connection.expire()
        self._sweeper = state.loop.call_later(_SWEEP_SECONDS, self._sweep)
