"""What stands for an upstream's connections: takes requests and hands out scripted answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any


class ScriptedResponse:
    """A response whose body comes in pieces."""

    def __init__(self, status: int, pieces: Sequence[bytes], kind: str = "") -> None:
        self.status = status
        self.content_type = kind
        self.headers: Mapping[str, str] = {}
        self._pieces = [*pieces]

    def again(self) -> ScriptedResponse:
        """The same, from its beginning."""
        return ScriptedResponse(self.status, self._pieces, self.content_type)

    @property
    def is_complete(self) -> bool:
        return not self._pieces

    def limit_silence(self, seconds: float) -> None:
        """Nothing to wait for."""

    async def read(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    async def chunks(self) -> AsyncIterator[bytes]:
        while data := await self.read():
            yield data

    async def body(self, limit: int) -> bytes:
        return b"".join([piece async for piece in self.chunks()])

    def abort(self) -> None:
        self._pieces.clear()

    async def aclose(self) -> None:
        self.release()

    def release(self) -> None:
        self._pieces.clear()


class ScriptedClient:
    """In place of a provider's `HttpClient`.

    Attributes:
        asked: The bodies of requests for an answer.
        answer: What the next one gets.
    """

    way = ""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents
        self.asked: list[dict[str, Any]] = []
        self.answer = ScriptedResponse(500, [])

    async def request(
        self, method: str, path: str, *, body: bytes | None = None, **_: Any
    ) -> ScriptedResponse:
        document = self._documents.get(path.partition("?")[0])
        if document is not None or method == "GET":
            status = 404 if document is None else 200
            return ScriptedResponse(status, [json.dumps(document).encode()])
        self.asked.append(json.loads(body or b"{}"))
        return self.answer.again()

    async def knock(self) -> None:
        """A connection can always be had."""

    async def aclose(self) -> None:
        """Nothing is open."""
