"""RequestReader: bytes of one connection in, requests or refusals out. No I/O.

llhttp (through httptools) does the parsing, in its strict mode: it refuses doubled or malformed
lengths, a length beside chunks, folded headers, bare line feeds. What it leaves to its user is
checked by gearshift: sizes here, and what stands in a head in `request_head.py`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from gearshift.errors import RequestError
from gearshift.http.server.refusals import (
    bad_request,
    headers_too_long,
    malformed,
    too_large,
    too_many_headers,
    unmet_expectation,
)
from gearshift.http.server.request_head import head_error, path_of
from gearshift.http.server.streamed_body import StreamedBody, Wanted
from gearshift.http.values import HttpLimits, HttpRequest

# The paths of requests that cannot be parsed are unknown: they are told in OpenAI's shape.
UNKNOWN: Final = HttpRequest("", "/v1")
_TARGET_TOO_LONG: Final = 414
# The size of a chunk, two line ends, and an extension of no great length.
_CHUNK_FRAME_BYTES: Final = 64


class Phase(Enum):
    """What the reader waits for."""

    IDLE = auto()  # the first byte of a request
    HEAD = auto()
    BODY = auto()
    ENDED = auto()  # nothing: what still comes is not read


class ParsedRequest(NamedTuple):
    """One request with what its connection has to know of it."""

    request: HttpRequest
    keeps_alive: bool
    is_http_1_0: bool


class RejectedRequest(NamedTuple):
    """A request that cannot be taken; nothing after it on this connection can."""

    request: HttpRequest
    error: RequestError


Deliver = Callable[[ParsedRequest | RejectedRequest], None]


class RequestReader:
    """Cuts the bytes of one connection into requests.

    Args:
        limits: Sizes.
        deliver: Told of each request, in order; of nothing more after a `RejectedRequest`.
        go_on: Called when a client asks whether it may send its body.
        streamed: What the targets begin with whose bodies are read as they come: such a request
            is delivered with its head.
        wanted: Called when what had come of such a body is taken.

    Attributes:
        limits: In force from the next request on, when replaced.
        phase: What is read now.
        body_bytes: How much of the present body has come.
        peer: The address that it comes from.
        stream: The present body, if it is read as it comes.
    """

    def __init__(
        self,
        limits: HttpLimits,
        deliver: Deliver,
        go_on: Callable[[], None],
        streamed: tuple[bytes, ...] = (),
        wanted: Wanted | None = None,
    ) -> None:
        self.phase = Phase.IDLE
        self.body_bytes = 0
        self.peer = ""
        self.limits = limits
        self._deliver = deliver
        self._go_on = go_on
        self._streamed = streamed
        self._wanted = wanted or _nothing
        self._parser = HttpRequestParser(self)
        self._is_resumed = False
        self._has_declined = False
        self._begun = 0
        self._error: RequestError | None = None
        self._reset()

    def _reset(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._head_bytes = 0
        self._count = 0
        self._hosts = 0
        self._unfinished_bytes = 0
        self._raw_bytes = 0
        self._chunks = 0
        self._keeps_alive = False
        self.body_bytes = 0
        self.stream: StreamedBody | None = None

    @property
    def missing_bytes(self) -> int:
        """How much of the present body is still to come, where its length was told."""
        if self.phase is not Phase.BODY:
            return 0
        return max(0, int(self._headers.get("content-length", 0)) - self.body_bytes)

    def feed(self, data: bytes) -> None:
        """Read what has arrived."""
        if self.phase is Phase.ENDED:
            return
        before, begun = self.phase, self._begun
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
        except HttpParserError as error:
            self._refuse(malformed(error))
        if self.phase is Phase.HEAD:
            self._check_unfinished(before, begun, data)
        elif before is Phase.BODY is self.phase:
            self._check_framing(len(data))
        if self._error is not None:
            self.refuse(self._error)

    def _check_unfinished(self, before: Phase, begun: int, data: bytes) -> None:
        """Count a head that has not ended: its unfinished line is part of no callback."""
        if before is Phase.HEAD or (before is Phase.IDLE and self._begun == begun + 1):
            self._unfinished_bytes += len(data)
        if max(self._unfinished_bytes, self._head_bytes) > self.limits.max_header_bytes:
            self._refuse(headers_too_long(self.limits.max_header_bytes))

    def _check_framing(self, size: int) -> None:
        """Refuse chunks that bring much more around them than in them."""
        self._raw_bytes += size
        framing = self._raw_bytes - self.body_bytes - _CHUNK_FRAME_BYTES * self._chunks
        if framing > self.limits.max_header_bytes:
            self._refuse(bad_request("the chunks of the body have extensions without end"))

    def refuse(self, error: RequestError) -> None:
        """Give up on the request that is being read."""
        if self.phase is Phase.ENDED:
            return
        self.phase = Phase.ENDED
        if self.stream is not None:
            self.stream.fail(error)  # its request is delivered already
        else:
            self._deliver(RejectedRequest(self._request(), error))

    def abandon(self) -> None:
        """Read no more of a body that nobody wants the rest of."""
        if self.stream is not None:
            self.phase = Phase.ENDED

    def close(self) -> None:
        """Let go of everything: parser and reader hold each other, and with them a body."""
        self.phase = Phase.ENDED
        self._reset()
        self._deliver, self._go_on, self._wanted = _nobody, _nothing, _nothing
        del self._parser

    def _refuse(self, error: RequestError) -> None:
        self._error = self._error or error

    def _decline(self, rest: bytes) -> None:
        """Ignore an offer to change protocols: llhttp stops there, before the body.

        A second parser reads the body, told of its length by a head of our own.
        """
        if self._error is not None or self.phase is Phase.ENDED or self.phase is Phase.IDLE:
            return
        length = self._headers.get("content-length")
        framing = (
            f"content-length: {length}" if length is not None else "transfer-encoding: chunked"
        )
        self._is_resumed = self._has_declined = True
        self._parser = HttpRequestParser(self)
        try:
            self._parser.feed_data(f"POST / HTTP/1.1\r\n{framing}\r\n\r\n".encode("latin-1"))
            self._is_resumed = False
            self._parser.feed_data(rest)
        except HttpParserError as error:
            self._refuse(malformed(error))

    # --- called by the parser

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        if self._is_resumed:
            return
        self._reset()
        self._begun += 1
        if self._error is None and self.phase is not Phase.ENDED:
            self.phase = Phase.HEAD

    def on_url(self, url: bytes) -> None:
        """The target, or a piece of it."""
        if not self._is_resumed:
            self._target += url
            self._head_bytes += len(url)
            if self._head_bytes > self.limits.max_header_bytes:
                limit = self.limits.max_header_bytes
                self._refuse(headers_too_long(limit, _TARGET_TOO_LONG))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field, complete."""
        if self._is_resumed or self._error is not None:
            return
        self._head_bytes += len(name) + len(value) + 4
        self._count += 1
        limits = self.limits
        if self._head_bytes > limits.max_header_bytes:
            self._refuse(headers_too_long(limits.max_header_bytes))
        elif self._count > limits.max_headers:
            self._refuse(too_many_headers(limits.max_headers))
        if self.phase is not Phase.HEAD:
            return  # those after a body (trailers) say nothing that we use
        key = name.lower().decode("latin-1")
        if key == "host":
            self._hosts += 1
        text = value.decode("latin-1").strip()
        earlier = self._headers.get(key)
        self._headers[key] = text if earlier is None else f"{earlier}, {text}"

    def on_headers_complete(self) -> None:
        """The whole head has come: may the body?"""
        if self.phase is not Phase.HEAD or self._error is not None:
            return  # of our own head, or behind the last request that is answered
        parser = self._parser
        version, method = parser.get_http_version(), parser.get_method()
        is_streamed = self._target.startswith(self._streamed) and self._has_body()
        max_bytes = sys.maxsize if is_streamed else self.limits.max_body_bytes
        error = head_error(version, method, self._target, self._headers, self._hosts, max_bytes)
        if error is not None:
            self._refuse(error)
            return
        self.phase = Phase.BODY
        expected = self._headers.get("expect") if version == "1.1" else None
        if expected is not None and expected.lower() != "100-continue":
            self._refuse(unmet_expectation(expected))
        elif is_streamed:
            self._begin_stream(asks=expected is not None)
        elif expected is not None and self._has_body():
            self._go_on()

    def _begin_stream(self, *, asks: bool) -> None:
        """Deliver a request whose body is read as it comes."""
        length = self._headers.get("content-length")
        self.stream = StreamedBody(
            None if length is None else int(length),
            self.limits.body_seconds,
            self._wanted,
            asks=asks,
        )
        self._keeps_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._deliver(self._parsed(keeps_alive=self._keeps_alive))

    def on_chunk_header(self) -> None:
        """The size of a chunk has come."""
        self._chunks += 1

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._error is not None:
            return
        self.body_bytes += len(data)
        if self.stream is not None:
            self.stream.feed(data)
            return
        if self.body_bytes > self.limits.max_body_bytes:
            self._refuse(too_large(self.limits.max_body_bytes))
            self._body.clear()
            return
        self._body.append(data)

    def on_message_complete(self) -> None:
        """The whole request has come."""
        if self._is_resumed or self._error is not None or self.phase is not Phase.BODY:
            return
        parser = self._parser
        offers_upgrade = parser.should_upgrade()
        if offers_upgrade and self._has_body():
            return  # the body comes after the offer
        # What follows an offer to change protocols may be meant for the other one.
        offers_upgrade = offers_upgrade or self._has_declined
        keeps_alive = parser.should_keep_alive() and not offers_upgrade
        if self.stream is None:
            self.phase = Phase.IDLE if keeps_alive else Phase.ENDED
            self._deliver(self._parsed(keeps_alive=keeps_alive))
            return
        self.phase = Phase.IDLE if self._keeps_alive else Phase.ENDED
        stream, self.stream = self.stream, None
        stream.end()

    # --- what it says

    def _has_body(self) -> bool:
        return (
            self._headers.get("content-length", "0") != "0" or "transfer-encoding" in self._headers
        )

    def _parsed(self, *, keeps_alive: bool) -> ParsedRequest:
        is_http_1_0 = self._parser.get_http_version() == "1.0"
        return ParsedRequest(self._request(), keeps_alive, is_http_1_0)

    def _request(self) -> HttpRequest:
        if not self._target:
            return UNKNOWN
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []  # a connection may wait long for its next request
        return HttpRequest(
            self._parser.get_method().decode("latin-1"),
            path_of(self._target),
            self._headers,
            body,
            time.perf_counter(),
            query=self._target.partition(b"?")[2].decode("latin-1"),
            peer=self.peer,
            stream=self.stream,
        )


def _nobody(item: ParsedRequest | RejectedRequest) -> None:
    pass


def _nothing(*, asks: bool = False) -> None:
    pass
