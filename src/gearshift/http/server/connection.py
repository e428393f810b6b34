"""Connection: one client's socket, its requests in turn, its answers as they come.

A connection is in one of five states, and `deadline` always belongs to the present one:

    reading    no request is being answered; more bytes are awaited          -> answering, ending
    answering  the handler works for one request; a few more are read ahead  -> sending
    sending    the transport's buffer is full: nothing is read or written,   -> answering, reading,
               for `send_seconds` at most in which no byte is taken             ending
    lingering  the last answer is out; what still comes is dropped           -> ending
    ending     the transport closes as soon as the rest has been taken

Nothing is written (`answer_writer.py`) before the client has taken most of what was written
last (`outgoing.py`), and nothing read that there is no room for (`incoming.py`).
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

from gearshift.errors import GearshiftError
from gearshift.http.server.answer_writer import AnswerWriter, Sent
from gearshift.http.server.encoding import decoded
from gearshift.http.server.head import CONTINUE
from gearshift.http.server.incoming import Incoming
from gearshift.http.server.internal_errors import log_internal_error
from gearshift.http.server.outgoing import Outgoing
from gearshift.http.server.reader import ParsedRequest, Phase, RejectedRequest
from gearshift.http.server.refusals import crowded, stopping, too_slow
from gearshift.http.server.state import ServerState
from gearshift.http.server.streamed_body import BODY_BYTES_PER_SECOND

# A client that was refused in the middle of its request gets this long to stop sending: closing
# at once would make its kernel throw our answer away.
_LINGER_SECONDS: Final = 2.0
_NEVER: Final = float("inf")


class Connection(asyncio.Protocol):
    """Reads requests, runs the plane's handler for one after the other, writes the answers.

    A client that goes away cancels the handler's task, and with it whatever that awaits.
    """

    __slots__ = (
        "_has_started",
        "_in",
        "_is_ending",
        "_is_lingering",
        "_out",
        "_owes_continue",
        "_server",
        "_since",
        "_task",
        "_timed",
        "_transport",
        "_writer",
        "deadline",
    )

    def __init__(self, server: ServerState) -> None:
        self._server = server
        self._transport: asyncio.Transport
        self._out: Outgoing
        self._writer: AnswerWriter
        self._in = Incoming(server.limits, self._go_on, server.streamed, self._read_on)
        self._task: asyncio.Task[None] | None = None
        self._has_started = False  # the task: one that is cancelled before runs not at all
        self._owes_continue = False
        self._is_lingering = False
        self._is_ending = False
        self._timed = Phase.HEAD  # what the deadline is for, and since when
        self._since = server.now
        self.deadline = server.now + server.limits.header_seconds

    @property
    def is_idle(self) -> bool:
        """Whether nothing has come that is still to be answered."""
        return self._task is None and self._in.phase in (Phase.IDLE, Phase.ENDED)

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has another base
        server = self._server
        self._out = Outgoing(server.loop, self._transport)
        self._writer = AnswerWriter(server, self._transport, self._out)
        self._in.attach(self._transport)
        server.connections.add(self)
        if len(server.connections) > server.limits.max_connections:
            self._in.refuse(crowded())
            self._advance()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if not self._is_lingering:
            self._in.feed(data, is_ahead=self._task is not None)
            self._advance()

    def eof_received(self) -> None:
        """The client sends no more: it has gone, as far as anybody can tell."""
        self._end()  # the transport closes when we return
        self._cancel()

    def connection_lost(self, error: Exception | None) -> None:
        """The client has gone: what works for it is stopped."""
        self._server.forget(self)
        self._in.close()
        self._out.resume()
        self._cancel()

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it comes."""
        self._out.pause(self._server.now)
        self.deadline = self._server.now  # from now on looked at in every sweep
        self._regulate()

    def resume_writing(self) -> None:
        """The client has taken most of what was waiting."""
        self._out.resume()
        if self._task is not None and not self._is_ending:
            self.deadline = _NEVER
        self._regulate()

    # --- requests

    def _advance(self) -> None:
        """Begin with the next request if nobody is being answered, or wait for it."""
        if self._task is None and not self._is_lingering:
            if self._in.waiting:
                self._begin(self._in.waiting.pop(0))
            else:
                self._await_more()
        self._regulate()

    def _regulate(self) -> None:
        if not self._is_lingering:
            self._in.regulate(is_ahead=self._task is not None, is_held=self._out.is_paused)

    def _await_more(self) -> None:
        """Set how long the next bytes may take."""
        if self._is_ending:
            return
        server, limits, phase = self._server, self._server.limits, self._in.phase
        if phase is not self._timed:
            self._timed = phase
            self._since = server.now
        match phase:
            case Phase.HEAD:
                self.deadline = self._since + limits.header_seconds
            case Phase.BODY:
                earned = self._in.body_bytes / BODY_BYTES_PER_SECOND
                self.deadline = self._since + limits.body_seconds + earned
            case Phase.IDLE | Phase.ENDED:
                self.deadline = self._since + server.keep_alive_seconds

    def _go_on(self) -> None:
        """The client asks whether it may send its body: when it is its turn, it may."""
        if self._task is None and not self._in.waiting:
            self._transport.write(CONTINUE)
        else:
            self._owes_continue = True

    def _read_on(self, *, asks: bool) -> None:
        """Whoever answers has taken what had come of its request's body, or waits for it."""
        if asks:
            self._transport.write(CONTINUE)
        self._in.feed(b"", is_ahead=True)
        self._regulate()

    def _begin(self, item: ParsedRequest | RejectedRequest) -> None:
        server = self._server
        self._writer.sent = Sent.NOTHING
        self._in.limit(server.limits)  # they may have changed since
        if isinstance(item, RejectedRequest):
            self._refuse(item, item.error)
        elif server.is_interrupted:
            self._refuse(item, stopping())
        else:
            self.deadline = _NEVER
            self._has_started = False
            self._task = server.loop.create_task(self._answer(item))

    def _refuse(self, item: ParsedRequest | RejectedRequest, error: GearshiftError) -> None:
        self._writer.send(self._server.refusal(item.request, error), item, keeps_alive=False)
        self._linger()

    def _next(self) -> None:
        """The present request is answered: go on with the next, or wait for it."""
        self._task = None
        if self._transport.is_closing():
            return
        self._timed = Phase.ENDED  # whatever is awaited now is awaited from now on
        self._in.feed(b"", is_ahead=False)
        owes, self._owes_continue = self._owes_continue, False
        if owes and not self._in.waiting and self._in.phase is Phase.BODY:
            self._transport.write(CONTINUE)
        self._advance()

    # --- answers

    async def _answer(self, item: ParsedRequest) -> None:
        self._has_started = True
        keeps_alive = False
        try:
            keeps_alive = await self._respond(item)
            if self._out.is_paused:
                await self._out.drained()
        except asyncio.CancelledError:
            if not self._writer.is_interrupted:
                # The client has gone. The task keeps the error, whose frames hold us: a cycle,
                # with everything about the request in it, if we kept the task.
                self._task = None
                raise
            self._fail(item, stopping())
            keeps_alive = False
        except GearshiftError as error:
            self._fail(item, error)
        except Exception as error:  # noqa: BLE001 - the edge: the process must go on
            self._fail(item, log_internal_error(error, "serving a connection"))
        if keeps_alive:  # it was told so, and may have sent the next request already
            self._next()
        else:
            self._task = None
            self._linger()

    async def _respond(self, item: ParsedRequest) -> bool:
        """Have one request answered; whether the connection may go on."""
        server, request = self._server, item.request
        if "content-encoding" in request.headers and request.stream is None:
            request = await decoded(request, server.limits.max_body_bytes)
        response = await server.handler(request)
        # What is left of a body that nobody wants cannot be told from the next request.
        has_rest = request.stream is not None and not request.stream.has_ended
        keeps_alive = item.keeps_alive and not server.is_leaving and not has_rest
        if isinstance(response.body, bytes):
            self._writer.send(response, item, keeps_alive=keeps_alive)
            return keeps_alive
        keeps_alive = keeps_alive and not item.is_http_1_0  # its end is the answer's
        await self._writer.stream(response, response.body, item, keeps_alive=keeps_alive)
        return keeps_alive

    def _fail(self, item: ParsedRequest, error: GearshiftError) -> None:
        """Report an error, unless a part of the answer has gone out already."""
        if self._writer.sent is Sent.NOTHING:
            self._writer.send(self._server.refusal(item.request, error), item, keeps_alive=False)
        elif self._writer.sent is Sent.PART:
            self._transport.abort()  # so that nobody takes half an answer for a whole one

    def _cancel(self) -> None:
        if self._task is not None and not self._task.cancelling():
            self._task.cancel()

    # --- the end

    def expire(self) -> None:
        """The deadline has passed: cut off whoever is too slow."""
        server, out, phase = self._server, self._out, self._in.phase
        if self._is_lingering and not out.unsent_bytes:
            self.abort()
        elif out.is_paused or self._is_ending or self._is_lingering:
            if out.stalled_seconds(server.now) >= server.limits.send_seconds:
                self.abort()
            else:
                self.deadline = server.now + (_LINGER_SECONDS if self._is_lingering else 0.0)
        elif phase in (Phase.HEAD, Phase.BODY):
            self._in.refuse(too_slow("headers" if phase is Phase.HEAD else "body"))
            self._advance()
        else:
            self.close()

    def interrupt(self) -> None:
        """End the answer in progress with an error."""
        if self._task is not None and not self._has_started:
            self._server.loop.call_soon(self.interrupt)  # it starts in this turn of the loop
        else:
            self._cancel()

    def close(self) -> None:
        """Close when everything written has been taken."""
        self._end()
        self._transport.close()

    def abort(self) -> None:
        """Close now."""
        self.deadline = _NEVER
        self._transport.abort()

    def _end(self) -> None:
        """The transport closes: the client has `send_seconds` for what is still to be taken."""
        self._is_ending = True
        self._out.watch(self._server.now)
        self.deadline = self._server.now

    def _linger(self) -> None:
        """Close for writing; read and drop what still comes, for a moment."""
        self._in.drop()
        if self._transport.is_closing():
            return
        if self._in.phase is not Phase.ENDED or not self._transport.can_write_eof():
            self.close()
            return
        self._is_lingering = True
        self._out.watch(self._server.now)
        self.deadline = self._server.now + _LINGER_SECONDS
        try:
            self._transport.write_eof()
        except OSError:  # the client is gone, and the loop has not noticed yet
            self.abort()
