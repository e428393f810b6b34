"""An upstream that follows a script: raw bytes, pauses, resets, in one dialect."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Self

from tests.fakes.dialects import WORDS, Spoken
from tests.fakes.local_server import LocalServer

_PATIENCE_SECONDS = 10.0
_FLOOD_SECONDS = 0.001  # between two waves: a flood must not drown the tests themselves


class Act(Enum):
    """What an upstream does besides sending bytes."""

    RESET = auto()
    FIN = auto()
    HANG = auto()  # until the other side has gone
    SEEN = auto()  # until the client has read something, so that content is surely out


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for a while, the connection stays open."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Forever:
    """The same bytes until the other side has gone."""

    data: bytes


Step = bytes | Pause | Forever | Act


@dataclass(frozen=True, slots=True)
class Answering:
    """One request, and the bytes that scripts are made of.

    Attributes:
        trap: A URL that nobody may ask.
    """

    spoken: Spoken
    model: str
    streamed: bool
    trap: str = ""

    def head(self, *fields: str, status: str = "200 OK", kind: str | None = None) -> bytes:
        """A head, its content type the right one unless said."""
        right = self.spoken.stream_type if self.streamed else "application/json"
        lines = [f"HTTP/1.1 {status}", f"content-type: {right if kind is None else kind}", *fields]
        return "\r\n".join([*lines, "", ""]).encode()

    def chunked(self) -> bytes:
        """The head of a body in chunks."""
        return self.head("transfer-encoding: chunked")

    def said(self) -> bytes:
        """A complete answer's body."""
        if not self.streamed:
            return self.spoken.whole(self.model)
        return b"".join((self.first(), *self.rest(), self.end()))

    def sound(self) -> bytes:
        """A complete answer."""
        return self.sized(self.said())

    def sized(self, body: bytes, *fields: str, **head: Any) -> bytes:
        """A body with its length."""
        return self.head(f"content-length: {len(body)}", *fields, **head) + body

    def first(self) -> bytes:
        """The first frame."""
        return self.spoken.piece(self.model, WORDS[0])

    def rest(self) -> list[bytes]:
        """The frames after the first but for the end."""
        return [self.spoken.piece(self.model, word) for word in WORDS[1:]]

    def end(self) -> bytes:
        """The frames that end a stream."""
        return self.spoken.end(self.model)

    def begun(self) -> list[Step]:
        """A stream up to its first content, which the client has seen."""
        return [self.chunked(), chunk(self.first()), Act.SEEN]


Script = Callable[[Answering], Sequence[Step]]


def chunk(data: bytes) -> bytes:
    """A chunk of a body; of no bytes, the last one."""
    return b"%x\r\n%s\r\n" % (len(data), data)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived, by the number of its connection."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def model(self) -> str:
        """The model asked for, if any."""
        try:
            return str(json.loads(self.body).get("model", ""))
        except (ValueError, AttributeError):
            return ""


@dataclass
class ScriptedUpstream(LocalServer):
    """Follows `scripts[model]`, and answers soundly for every other model.

    Attributes:
        received: Every request, in order.
        answered: The requests for an answer, by model.
        strays: The requests for what an upstream of this dialect does not have.
        seen: Set by tests when a client has read something of the answer by that model.
        trap: Given to the scripts.
    """

    spoken: Spoken
    models: Sequence[str] = ()
    scripts: Mapping[str, Script] = field(default_factory=dict)
    trap: str = ""
    received: list[Asked] = field(default_factory=list)
    answered: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    strays: list[Asked] = field(default_factory=list)
    seen: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    connections: int = 0
    _documents: dict[str, Any] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self._documents = self.spoken.documents(self.models)
        return await super().__aenter__()

    @property
    def url(self) -> str:
        """The base URL for the settings."""
        return f"http://{self.address}{self.spoken.base_path}"

    def settings(self, name: str) -> dict[str, Any]:
        """Its entry below `upstreams:`."""
        provider, models = self.spoken.provider, [*self.models]
        return {"name": name, "provider": provider, "base_url": self.url, "models": models}

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        while await self._serve(reader, writer, number):
            pass

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> bool:
        asked = await _read(reader, number)
        self.received.append(asked)
        if asked.path != self.spoken.chat_path:
            writer.write(self._described(asked))
            await writer.drain()
            return True
        self.answered[asked.model].append(asked)
        streamed = self.spoken.is_streamed(json.loads(asked.body))
        answering = Answering(self.spoken, asked.model, streamed, self.trap)
        script = self.scripts.get(asked.model, lambda answering: [answering.sound()])
        for step in script(answering):
            if not await self._step(step, answering, reader, writer):
                return False
        return True

    def _described(self, asked: Asked) -> bytes:
        found = self._documents.get(asked.path)
        if found is None and asked.path != "/health":
            self.strays.append(asked)
        status = "404 X" if found is None else "200 OK"
        answering = Answering(self.spoken, "", False)
        return answering.sized(json.dumps(found or {}).encode(), status=status)

    async def _step(
        self,
        step: Step,
        answering: Answering,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Do one step; whether the connection is still of use."""
        match step:
            case bytes():
                writer.write(step)
                await writer.drain()
            case Pause():
                await asyncio.sleep(step.seconds)
            case Forever():
                while not reader.at_eof():
                    writer.write(step.data)
                    await writer.drain()
                    await asyncio.sleep(_FLOOD_SECONDS)
            case Act.SEEN:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE_SECONDS):
                        await self.seen[answering.model].wait()
            case Act.HANG:
                await reader.read()
            case Act.RESET:
                writer.transport.abort()
        return step not in (Act.HANG, Act.RESET, Act.FIN) and not isinstance(step, Forever)


async def _read(reader: asyncio.StreamReader, number: int) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    fields = (line.partition(":") for line in lines if line)
    headers = {name.lower(): value.strip() for name, _, value in fields}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, body, number)
