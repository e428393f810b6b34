"""What a wire format does towards clients, and what it does towards upstreams: two protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, runtime_checkable

from gearshift.dialects.client_api import ClientApi
from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.types import ChatRequest, Chunk, Frame, Operation

NOTHING: Final[frozenset[str]] = frozenset()


def unknown_time() -> float:
    """The time that has passed, where nobody has looked at a clock."""
    return 0.0


class StreamReader(Protocol):
    """Cuts an upstream's stream into frames, whatever the sizes in which bytes arrive."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`; a frame that is no valid JSON has `error` set."""
        ...

    def finish(self) -> list[Frame]:
        """What is left at the end of the stream (a last line without its newline)."""
        ...


class StreamWriter(Protocol):
    """Writes chunks as a stream of one dialect; knows what came before, so one per answer."""

    def write(self, chunk: Chunk) -> bytes:
        """The bytes that say `chunk`; may be empty."""
        ...

    def finish(self) -> bytes:
        """The bytes that end a complete answer (`[DONE]`, the `done` line if still unsaid)."""
        ...


@runtime_checkable
class FailingWriter(Protocol):
    """A writer whose last words depend on what it has written, such as the numbers of events."""

    def fail(self, error: GearshiftError) -> bytes:
        """The bytes that end an answer which breaks off, instead of `write_stream_error`."""
        ...


class ClientDialect(Protocol):
    """A wire format in which clients ask. Pure: no I/O; clock and ids are given by the caller.

    Attributes:
        name: As in `registry.CLIENT_DIALECTS`: up to 20 of `a-z 0-9 . _ -`.
        api: Its routes, what answers them, and how they are described.
        content_type: Of a whole answer, and of errors unless `write_error` says another.
        stream_content_type: Of a streamed answer.
    """

    name: str
    api: ClientApi
    content_type: str
    stream_content_type: str

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """The client's body as a request.

        Raises:
            RequestError: 400 naming the field, in words a beginner understands.
        """
        ...

    def encode_response(
        self,
        request: ChatRequest,
        chunk: Chunk,
        answer_id: str,
        now: float,
        elapsed_seconds: float = 0.0,
    ) -> bytes:
        """A whole answer as the body of a response; `chunk.model` is set.

        Args:
            request: The client's.
            chunk: All that was said.
            answer_id: Unique, for dialects whose answers have an id.
            now: Seconds since 1970.
            elapsed_seconds: Since the request came, for dialects that tell durations.
        """
        ...

    def stream_writer(
        self,
        request: ChatRequest,
        model: str,
        answer_id: str,
        now: float,
        elapsed: Callable[[], float] = unknown_time,
    ) -> StreamWriter:
        """A writer for one streamed answer, made when its first piece is there.

        Args:
            request: The client's.
            model: The one that answers.
            answer_id: Unique, for dialects whose answers have an id.
            now: Seconds since 1970.
            elapsed: Seconds since the request came, whenever it is called.
        """
        ...

    def write_error(self, error: GearshiftError) -> tuple[int, Mapping[str, str], bytes]:
        """Status, extra headers and body that report `error` before any content was sent."""
        ...

    def write_stream_error(self, error: GearshiftError) -> bytes:
        """The in-band bytes that end a stream which had begun."""
        ...


@runtime_checkable
class SharingDialect(Protocol):
    """A client dialect whose clients may share cached answers with those of others."""

    def specifics(self, request: ChatRequest) -> Mapping[str, Any]:
        """What a body says that neither `messages` nor `options` tell, under its own names.

        Nothing that could change an answer may be missing. How the answer is delivered
        (`stream`), the model's name and how long it stays loaded are not part of it. Of a dialect
        without this method the whole body is taken.
        """
        ...


class UpstreamDialect(Protocol):
    """A wire format in which upstreams are asked. Pure, as the other is.

    A client dialect of the same name must be the same format: the frames that are read here go to
    its clients with the bytes that they came in.

    Attributes:
        name: As in `registry.UPSTREAM_DIALECTS`.
        end_mark: What ends a stream beside its last chunk; some upstreams leave it out.
    """

    name: str
    end_mark: bytes

    def path(self, request: ChatRequest) -> str:
        """The path below the upstream's base URL; goes with `upstream_body`.

        It depends on the whole request: Ollama's `/api/generate` applies the model's chat
        template, so for an OpenAI-compatible upstream it is a chat.
        """
        ...

    def upstream_body(
        self, request: ChatRequest, model: str, left_out: frozenset[str] = NOTHING
    ) -> bytes:
        """The body to send; the client's own bytes but for `model` when dialects agree.

        What is translated is sent without the fields in `left_out`, names that `refused` has
        given, or that a provider knows. A client's own bytes never are.

        With `request.raw` empty (the request was made or changed by gearshift) the body is
        written anew: `body` if the dialects agree, with `messages` and `stream` of the request.

        Raises:
            UpstreamError: `INCAPABLE`, where this dialect cannot say what the request asks
                (an image by URL, several answers); another deployment may.
        """
        ...

    def decode_response(self, raw: bytes) -> Frame:
        """A whole response body as one frame; `error` set when it is no answer at all."""
        ...

    def stream_reader(self) -> StreamReader:
        """A reader for one stream."""
        ...

    def refused(self, request: ChatRequest, error: UpstreamError) -> frozenset[str]:
        """What the upstream does not take of a request, by its own words; it may be left out.

        Only of what was translated: a client's own fields are its own business.
        """
        ...

    def fault_of(self, status: int, body: bytes) -> tuple[FailureKind, str]:
        """What a non-2xx response means, and the upstream's message in one line."""
        ...

    # --- towards clients of the same dialect

    def framed(self, frame: Frame) -> bytes:
        """The bytes of a frame that is misframed, set off as the dialect has it."""
        ...

    def rewrite_model(self, frame: Frame, model: str) -> bytes:
        """The frame's bytes with `model` as the name of the model that answered."""
        ...


class Dialect(ClientDialect, UpstreamDialect, Protocol):
    """Both, as the formats of most servers are."""
