"""A proxy as companies have them: it leads every name to one upstream, and asks for a password."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from dataclasses import dataclass, field

from tests.fakes.local_server import LocalServer


@dataclass
class Proxy(LocalServer):
    """Carries single requests, and opens tunnels for CONNECT.

    Attributes:
        port: Of the upstream on this machine that stands for every host.
        password: `user:password` that clients must send; nobody needs one where it is empty.
        refusal: Status line with which tunnels are refused.
        asked: The first line of every request.
    """

    port: int
    password: str = ""
    refusal: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """For `HTTP_PROXY`."""
        at = f"{self.password}@" if self.password else ""
        return f"http://{at}{self.address}"

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first = head.partition(b"\r\n")[0].decode()
        self.asked.append(first)
        pair = base64.b64encode(self.password.encode())
        if self.password and b"proxy-authorization: Basic " + pair not in head:
            writer.write(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")
            return
        is_tunnel = first.startswith("CONNECT ")
        if is_tunnel and self.refusal:
            writer.write(f"HTTP/1.1 {self.refusal}\r\ncontent-length: 0\r\n\r\n".encode())
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        if is_tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            method, url, version = first.split(" ")
            path = "/" + url.split("/", 3)[3]
            rest = head.partition(b"\r\n")[2]
            back.write(f"{method} {path} {version}\r\n".encode() + rest)
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            back.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()
