"""The faults of upstreams as data: what the upstream does, when, and what must come of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tests.fakes.scripted import Act, Answering, Forever, Pause, Script, Step, chunk

WORDS_OF_FAILURE = "it broke"

_BIG = 20_000_000
_FIN, _HANG, _RESET, _SEEN = Act.FIN, Act.HANG, Act.RESET, Act.SEEN


class When(StrEnum):
    """The moment of a fault."""

    BEFORE_HEAD = "before head"
    BEFORE_CONTENT = "after the head, before content"
    MID = "after the first content"
    END = "at the end"


class Outcome(StrEnum):
    """What a client gets."""

    COMPLETE = "complete"  # harmless: the answer, complete
    FALLBACK = "fallback"  # another deployment's answer, complete, and the header says so
    IN_BAND_ERROR = "in_band_error"  # 200, then one error of the client's dialect, no end mark
    PASSED_BACK = "passed_back"  # the upstream's own 4xx, in the client's dialect


_C, _F, _E = Outcome.COMPLETE, Outcome.FALLBACK, Outcome.IN_BAND_ERROR


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail.

    Attributes:
        script: What the upstream does; `None`: nobody listens at its address.
        whole: What comes of it for a whole answer; `None` where there is no such moment.
        streamed: The same for a stream.
        is_slow: It shows only when a limit runs out, so the limits have to be short.
        status: The status that is passed back.
    """

    name: str
    when: When
    script: Script | None
    whole: Outcome | None
    streamed: Outcome | None
    is_slow: bool = False
    status: int = 200

    def outcome(self, *, streamed: bool) -> Outcome | None:
        """What must come of it."""
        return self.streamed if streamed else self.whole


def _before(name: str, script: Script, *, is_slow: bool = False) -> Fault:
    return Fault(name, When.BEFORE_HEAD, script, _F, _F, is_slow)


def _empty(name: str, script: Script, *, is_slow: bool = False) -> Fault:
    return Fault(name, When.BEFORE_CONTENT, script, _F, _F, is_slow)


def _endless(name: str, script: Script) -> Fault:
    """Cut off by a limit of size or of time, whichever comes first."""
    return Fault(name, When.BEFORE_CONTENT, script, _F, _F, is_slow=True)


def _mid(name: str, *then: Step, is_slow: bool = False) -> Fault:
    """Of a stream whose first content the client has seen."""
    return Fault(name, When.MID, lambda a: [*a.begun(), *then], None, _E, is_slow)


def _harmless(name: str, script: Script) -> Fault:
    return Fault(name, When.END, script, _C, _C)


def _line(status: bytes) -> Script:
    """A sound answer but for its first line."""
    return lambda a: [a.sound().replace(b"HTTP/1.1 200 OK", status, 1), _FIN]


def _field(line: str) -> Script:
    return lambda a: [a.sized(a.said(), line), _FIN]


def _half_body(a: Answering) -> bytes:
    """A head that promises more than follows; no content in what does."""
    half = b'{"model": "' if not a.streamed else a.spoken.silence()
    return a.head("content-length: 5000") + half


def _in_chunks(a: Answering) -> list[Step]:
    """A sound body in chunks, without the last one."""
    if not a.streamed:
        return [a.chunked(), chunk(a.said()[:20]), chunk(a.said()[20:])]
    return [a.chunked(), *map(chunk, (a.first(), *a.rest(), a.end()))]


BEFORE_HEAD: Sequence[Fault] = (
    Fault("refused", When.BEFORE_HEAD, None, _F, _F),
    _before("reset_at_once", lambda a: [_RESET]),
    _before("closed_at_once", lambda a: [_FIN]),
    _before("stall_before_head", lambda a: [_HANG], is_slow=True),
    _before("half_status_line", lambda a: [b"HTTP/1.1 20", _FIN]),
    _before("half_status_line_then_stall", lambda a: [b"HTTP/1.1 20", _HANG], is_slow=True),
    _before("half_head", lambda a: [b"HTTP/1.1 200 OK\r\ncontent-ty", _FIN]),
    _before("half_head_then_stall", lambda a: [b"HTTP/1.1 200 OK\r\ncon", _HANG], is_slow=True),
    _before("half_head_then_reset", lambda a: [b"HTTP/1.1 200 OK\r\ncon", _RESET]),
    _before("garbage_for_http", lambda a: [b"\x00\xff\x16\x03\x01 hello \r\n\r\n", _FIN]),
    _before("another_protocol", lambda a: [b"220 mail.example ESMTP ready\r\n", _FIN]),
    _before("icy", _line(b"ICY 200 OK")),
    _before("http_9", _line(b"HTTP/9.9 200 OK")),
    _before("status_of_letters", _line(b"HTTP/1.1 abc OK")),
    _endless("endless_head", lambda a: [b"HTTP/1.1 200 OK\r\n", Forever(b"x-a: aaaaaaaaaaaa\r\n")]),
    _endless("endless_header", lambda a: [b"HTTP/1.1 200 OK\r\nx-a: ", Forever(b"a" * 1000)]),
    _endless("endless_status_line", lambda a: [b"HTTP/1.1 200 O", Forever(b"K" * 1000)]),
    _before("nul_in_a_header", _field("x-a: a\0b")),
    _before("space_in_a_header_name", _field("x a: b")),
    _before("header_without_colon", _field("x-a")),
    _before("length_of_letters", _field("content-length: abc")),
    _before("negative_length", lambda a: [a.head("content-length: -5"), a.said(), _FIN]),
    _before("overflowing_length", lambda a: [a.head(f"content-length: {2**64 + 5}"), a.said()]),
    _before("two_different_lengths", _field("content-length: 5")),
    _endless("endless_100_continue", lambda a: [Forever(b"HTTP/1.1 100 Continue\r\n\r\n")]),
    _before("switching_protocols", lambda a: [b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n"]),
)

BEFORE_CONTENT: Sequence[Fault] = (
    _empty("reset_after_head", lambda a: [a.chunked(), _RESET]),
    _empty("closed_after_head", lambda a: [a.chunked(), _FIN]),
    _empty("stall_after_head", lambda a: [a.chunked(), _HANG], is_slow=True),
    _empty("reset_before_content", lambda a: [_half_body(a), Pause(0.02), _RESET]),
    _empty("closed_before_content", lambda a: [_half_body(a), _FIN]),
    _empty("stall_before_content", lambda a: [_half_body(a), _HANG], is_slow=True),
    _empty("half_a_chunk", lambda a: [a.chunked(), chunk(a.said())[:12], _FIN]),
    _empty("chunk_size_of_letters", lambda a: [a.chunked(), b"zz\r\n" + a.said() + b"\r\n", _FIN]),
    _empty("negative_chunk_size", lambda a: [a.chunked(), b"-5\r\n" + a.said() + b"\r\n", _FIN]),
    _empty("overflowing_chunk_size", lambda a: [a.chunked(), b"f" * 17 + b"\r\n" + a.said(), _FIN]),
    _endless("endless_chunk_size", lambda a: [a.chunked(), Forever(b"0" * 1000)]),
    _endless("endless_chunk_extension", lambda a: [a.chunked(), b"5;", Forever(b"a" * 1000)]),
    _empty("garbage_for_json", lambda a: [a.sized(b"\x00\xff{{{not json\n\n")]),
    _empty("half_of_the_json", lambda a: [a.sized(a.said()[:30])]),
    _empty("another_json", lambda a: [a.sized(b'{"hello": "world"}\n\n')]),
    _empty("a_list", lambda a: [a.sized(b"[]\n\n")]),
    _empty("null", lambda a: [a.sized(b"null\n\n")]),
    _empty("html", lambda a: [a.sized(b"<html>hello</html>", kind="text/html; charset=utf-8")]),
    _empty("empty_body", lambda a: [a.sized(b"")]),
    _empty("blank_body", lambda a: [a.sized(b" \r\n\r\n \n\n")]),
    _empty("empty_chunked_body", lambda a: [a.chunked(), chunk(b"")]),
    _empty("no_content", lambda a: [b"HTTP/1.1 204 No Content\r\n\r\n"]),
    _empty("not_modified", lambda a: [b"HTTP/1.1 304 Not Modified\r\n\r\n"]),
    _empty("error_with_200", lambda a: [a.sized(said_error(a))]),
    _empty(
        "gzip_unasked",
        lambda a: [a.sized(gzip.compress(a.said(), mtime=0), "content-encoding: gzip")],
    ),
    _endless("endless_silence", lambda a: [a.chunked(), Forever(chunk(a.spoken.silence() * 500))]),
    Fault(
        "a_frame_of_20_mb",
        When.BEFORE_CONTENT,
        lambda a: [a.chunked(), chunk(a.first()[:-20] + b"a" * _BIG), _HANG],
        None,
        _F,
    ),
    Fault(
        "length_too_long",
        When.BEFORE_CONTENT,
        lambda a: [a.head("content-length: 9000") + a.said(), _FIN],
        _F,
        _C,  # the end mark has come: nothing is missing
    ),
    Fault(
        "length_too_long_then_stall",
        When.BEFORE_CONTENT,
        lambda a: [a.head("content-length: 9000") + a.said(), _HANG],
        _F,
        _C,
        is_slow=True,
    ),
    Fault(
        "length_too_short",
        When.BEFORE_CONTENT,
        lambda a: [a.head("content-length: 15") + a.said(), _FIN],
        _F,
        _F,
    ),
)

MID: Sequence[Fault] = (
    _mid("reset_mid", _RESET),
    _mid("closed_mid", _FIN),
    _mid("stall_mid", _HANG, is_slow=True),
    _mid("ended_without_mark", chunk(b"")),
    _mid("half_a_chunk_mid", b"20\r\nabc", _FIN),
    _mid("half_a_chunk_mid_then_stall", b"20\r\nabc", _HANG, is_slow=True),
    _mid("chunk_size_of_letters_mid", b"zz\r\nabc\r\n", _FIN),
    _mid("overflowing_chunk_size_mid", b"f" * 17 + b"\r\nabc", _FIN),
    _mid("chunk_without_its_line_end", b"3\r\n\n\n\n3\r\nabc", _FIN),
    _mid("garbage_for_chunks_mid", b"\x00\xff\x16\x03\x01", _FIN),
    _mid("another_answer_mid", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", _FIN),
    Fault("garbage_mid", When.MID, lambda a: [*a.begun(), chunk(a.spoken.garbage())], None, _E),
    Fault(
        "error_mid",
        When.MID,
        lambda a: [*a.begun(), chunk(a.spoken.stream_error(WORDS_OF_FAILURE)), chunk(b"")],
        None,
        _E,
    ),
    Fault(
        "error_mid_then_more",
        When.MID,
        lambda a: [*a.begun(), chunk(a.spoken.stream_error(WORDS_OF_FAILURE) + a.said())],
        None,
        _E,
    ),
    Fault(
        "half_a_frame_mid",
        When.MID,
        lambda a: [*a.begun(), chunk(a.rest()[0][:-8]), chunk(b"")],
        None,
        _E,
    ),
    Fault(
        "length_too_short_mid",
        When.MID,
        lambda a: [a.head(f"content-length: {len(a.first())}") + a.first(), _SEEN, a.end(), _FIN],
        None,
        _E,
    ),
    Fault(
        "closed_mid_without_length",
        When.MID,
        lambda a: [a.head("connection: close") + a.first(), _SEEN, _FIN],
        None,
        _E,
    ),
    Fault(
        "a_frame_of_20_mb_mid",
        When.MID,
        lambda a: [*a.begun(), chunk(a.first()[:-20] + b"a" * _BIG), _HANG],
        None,
        _E,
    ),
    Fault(
        "endless_trickle",
        When.MID,
        lambda a: [*a.begun(), *(Pause(0.1), chunk(a.spoken.silence())) * 100],
        None,
        _E,
        is_slow=True,
    ),
)

HARMLESS: Sequence[Fault] = (
    _harmless("sound", lambda a: [a.sound()]),
    _harmless("byte_order_mark", lambda a: [a.sized(b"\xef\xbb\xbf" + a.said())]),
    _harmless("the_other_shape", lambda a: [_other_shape(a).sized(_other_shape(a).said())]),
    _harmless("the_other_shape_in_chunks", lambda a: [*_in_chunks(_other_shape(a)), chunk(b"")]),
    _harmless("indented", lambda a: [_other_shape(a).sized(_indented(a))]),
    _harmless("sound_then_closed", lambda a: [a.sound(), _FIN]),
    _harmless("sound_in_chunks", lambda a: [*_in_chunks(a), chunk(b"")]),
    _harmless("byte_by_byte", lambda a: [a.sound()[i : i + 1] for i in range(len(a.sound()))]),
    _harmless("continue_first", lambda a: [b"HTTP/1.1 100 Continue\r\n\r\n", a.sound()]),
    _harmless(
        "early_hints_first",
        lambda a: [b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 3, a.sound()],
    ),
    _harmless("closed_without_length", lambda a: [a.head("connection: close"), a.said(), _FIN]),
    _harmless("http_1_0", lambda a: [a.head().replace(b"1.1", b"1.0", 1), a.said(), _FIN]),
    _harmless("trailers", lambda a: [*_in_chunks(a), b"0\r\nx-sum: 1\r\nX-More: 2\r\n\r\n"]),
    _harmless("chunk_extension", lambda a: [a.chunked(), _extended(a.said()), chunk(b"")]),
    _harmless("capital_headers", lambda a: [_capital(a)]),
    _harmless("odd_headers", lambda a: [a.sized(a.said(), "x-a:", "x-b:\t b \t", "!#$%&'*: \xe9")]),
    _harmless("hop_by_hop_headers", _field("keep-alive: timeout=5\r\nproxy-authenticate: x")),
    _harmless("no_reason_phrase", _line(b"HTTP/1.1 200")),
    _harmless("created", _line(b"HTTP/1.1 201 Created")),
    Fault("end_then_nothing", When.END, lambda a: [*_in_chunks(a), _HANG], None, _C, is_slow=True),
    Fault("end_then_closed", When.END, lambda a: [*_in_chunks(a), _FIN], None, _C),
    Fault(
        "end_then_garbage",
        When.END,
        lambda a: [*_in_chunks(a), Pause(0.03), b"\x00\xffzz", _FIN],
        None,
        _C,
    ),
    Fault(
        "end_then_endless",
        When.END,
        lambda a: [*_in_chunks(a), Forever(chunk(a.spoken.silence() * 500))],
        None,
        _C,
        is_slow=True,
    ),
    Fault(
        "end_without_its_mark",
        When.END,
        lambda a: [*a.begun(), *map(chunk, (*a.rest(), a.spoken.unmarked_end(a.model), b""))],
        None,
        _C,
    ),
)


def said_error(a: Answering) -> bytes:
    """An error's body in the upstream's dialect."""
    return a.spoken.error(WORDS_OF_FAILURE)


def _other_shape(a: Answering) -> Answering:
    """A stream for a whole answer, and a whole answer for a stream."""
    return replace(a, streamed=not a.streamed)


def _indented(a: Answering) -> bytes:
    return json.dumps(json.loads(a.spoken.whole(a.model)), indent=2).encode()


def _extended(body: bytes) -> bytes:
    return b'%x;name=value;other="quoted"\r\n%s\r\n' % (len(body), body)


def _capital(a: Answering) -> bytes:
    head, _, body = a.sound().partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    named = [line.partition(b":") for line in lines]
    written = [name.upper() + colon + value for name, colon, value in named]
    return b"\r\n".join([first, *written, b"", body])


FAULTS: Sequence[Fault] = (
    *BEFORE_HEAD,
    *BEFORE_CONTENT,
    *MID,
    *HARMLESS,
)
