"""AnswerWriter: the answers of one connection as bytes, whole or piece by piece."""

from __future__ import annotations

import asyncio
from enum import Enum, auto

from gearshift.http.server.head import LAST_CHUNK, chunk, head
from gearshift.http.server.outgoing import Outgoing
from gearshift.http.server.reader import ParsedRequest, RejectedRequest
from gearshift.http.server.state import ServerState
from gearshift.http.values import BodyStream, HttpResponse


class Sent(Enum):
    """How much of the present answer has been written."""

    NOTHING = auto()
    PART = auto()
    ALL = auto()


class AnswerWriter:
    """Writes one answer after the other.

    Args:
        server: What the time is, and whether answers are to be ended.
        transport: Where to.
        out: How fast.

    Attributes:
        sent: How much of the present answer has been written; whoever begins with a request sets
            it back.
    """

    __slots__ = ("_out", "_server", "_transport", "sent")

    def __init__(self, server: ServerState, transport: asyncio.Transport, out: Outgoing) -> None:
        self._server = server
        self._transport = transport
        self._out = out
        self.sent = Sent.NOTHING

    def send(
        self, response: HttpResponse, item: ParsedRequest | RejectedRequest, *, keeps_alive: bool
    ) -> None:
        """Write a whole answer.

        Args:
            response: What is said; its body is bytes.
            item: What it answers.
            keeps_alive: Whether the connection can be used again.
        """
        body = response.body
        assert isinstance(body, bytes)
        is_old = isinstance(item, ParsedRequest) and item.is_http_1_0
        start = head(
            response,
            self._server.date,
            length=len(body),
            keeps_alive=keeps_alive,
            is_http_1_0=is_old,
        )
        self.sent = Sent.ALL
        self._transport.write(start if item.request.method == "HEAD" else start + body)

    async def stream(
        self,
        response: HttpResponse,
        pieces: BodyStream,
        item: ParsedRequest,
        *,
        keeps_alive: bool,
    ) -> None:
        """Write an answer as it comes, no faster than its client takes it.

        Args:
            response: Its status and headers.
            pieces: Its body; closed in any case.
            item: What it answers.
            keeps_alive: Whether the connection can be used again.
        """
        write, out = self._transport.write, self._out
        is_old = item.is_http_1_0
        try:
            begun = head(
                response,
                self._server.date,
                length=None,
                keeps_alive=keeps_alive,
                is_http_1_0=is_old,
            )
            while (piece := await pieces.read()) is not None:
                if piece:
                    # The head goes out with the first piece, in one packet.
                    write(begun + (piece if is_old else chunk(piece)))
                    begun = b""
                    self.sent = Sent.PART
                if out.is_paused:
                    await out.drained()
            write(begun if is_old else begun + LAST_CHUNK)
            self.sent = Sent.ALL
        except asyncio.CancelledError:
            if not self.is_interrupted or self.sent is not Sent.PART:
                raise
            last = pieces.abort_marker()
            write(last if is_old else chunk(last) + LAST_CHUNK)
            self.sent = Sent.ALL
        finally:
            # Also when the client has gone: that is what stops the upstream.
            await pieces.aclose()

    @property
    def is_interrupted(self) -> bool:
        """Whether a cancellation comes from the server, which ends, and not from the client."""
        return self._server.is_interrupted and not self._transport.is_closing()
