"""A client that sends any bytes over a socket, and reads the answers by HTTP's rules, strictly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tests.fakes.dialects import SPOKEN
from tests.fakes.scripted import ScriptedUpstream

PATH = "/v1/chat/completions"
WAIT_SECONDS = 5
MODEL = "honest"
SMUGGLED = "smuggled"


def question(model: str = MODEL) -> bytes:
    return json.dumps(SPOKEN["openai"].question(model, stream=False)).encode()


BODY = question()


def request(
    *fields: str | bytes,
    line: str | bytes = f"POST {PATH} HTTP/1.1",
    host: bool = True,
    body: bytes = b"",
) -> bytes:
    """A request with just these header lines; no length unless one is given."""
    lines: list[str | bytes] = [line, *(["host: localhost"] if host else []), *fields, "", ""]
    return b"\r\n".join(_bytes(one) for one in lines) + body


def sound(*fields: str | bytes, model: str = MODEL, **more: Any) -> bytes:
    """A request that is to be answered."""
    body = question(model)
    return request(f"content-length: {len(body)}", *fields, body=body, **more)


def last(*fields: str | bytes, **more: Any) -> bytes:
    """The same, after which the connection is to end."""
    return sound("connection: close", *fields, **more)


def chunked(*pieces: bytes) -> bytes:
    """A body in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def _bytes(text: str | bytes) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else text


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The message of an error in OpenAI's shape."""
        told = SPOKEN["openai"].read(self.body, stream=False)
        assert told.error
        return told.error


@dataclass(frozen=True)
class Site:
    """A gateway with one upstream."""

    url: str
    upstream: ScriptedUpstream

    @property
    def asked(self) -> int:
        """How often the upstream was asked for an answer."""
        return sum(map(len, self.upstream.answered.values()))

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        port = int(self.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def talk(self, *data: bytes, methods: Sequence[str] = ()) -> list[Answer]:
        """Send, and read until the gateway closes the connection."""
        async with self.connected() as (reader, writer):
            for piece in data:
                # Refused before it was all sent: the answer is what counts.
                with suppress(ConnectionError):
                    writer.write(piece)
                    await writer.drain()
            return await answers(reader, methods)


@asynccontextmanager
async def site(gateway, limits: Mapping[str, float] | None = None) -> AsyncIterator[Site]:
    """A gateway of its own, with the given limits, and a sound upstream."""
    async with ScriptedUpstream(SPOKEN["openai"], [MODEL, SMUGGLED]) as upstream:
        settings = {"upstreams": [upstream.settings("only")], "limits": dict(limits or {})}
        async with gateway(settings) as url:
            yield Site(url, upstream)


async def answers(reader: asyncio.StreamReader, methods: Sequence[str] = ()) -> list[Answer]:
    """Every answer up to the end of the connection."""
    found = []
    while (answer := await one_answer(reader, methods[len(found)] if methods else "")) is not None:
        found.append(answer)
    return found


async def one_answer(reader: asyncio.StreamReader, method: str = "") -> Answer | None:
    """The next answer; `None` at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise AssertionError(f"half an answer: {error.partial!r}") from error
        return None
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    version, status, _ = first.split(" ", 2)
    assert version == "HTTP/1.1"
    pairs = [line.split(": ", 1) for line in lines]
    headers = {name.lower(): value for name, value in pairs}
    assert len(headers) == len(pairs), "a header twice"
    if method == "HEAD" or status.startswith("1"):
        return Answer(int(status), headers, b"")
    return Answer(int(status), headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "content-length" in headers:
        assert "transfer-encoding" not in headers
        return await reader.readexactly(int(headers["content-length"]))
    assert headers["transfer-encoding"] == "chunked"
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        assert await reader.readexactly(2) == b"\r\n"
    assert await reader.readexactly(2) == b"\r\n"
    return body
