"""A server on a free port of this machine; with the end of a test it ends all that it was doing."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Self


class LocalServer:
    """Serves each connection in a task of its own; a fake says how in `_converse`.

    Attributes:
        tls: Speaks TLS, where it is given.
    """

    tls: ssl.SSLContext | None = None
    _server: asyncio.Server

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, backlog=1024, ssl=self.tls
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what comes on one connection."""
        raise NotImplementedError
