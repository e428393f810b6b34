"""The head of a response as bytes: its status, its framing, and no line of an upstream's own."""

import pytest

from gearshift.http.server.head import chunk, head
from gearshift.http.values import HttpResponse

DATE = "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"


def lines(status=200, headers=None, *, length: int | None = 3, keeps_alive=True, old=False):
    made = head(
        HttpResponse(status, headers or {}),
        DATE,
        length=length,
        keeps_alive=keeps_alive,
        is_http_1_0=old,
    )
    assert made.endswith(b"\r\n\r\n")
    return made.decode("latin-1")[:-4].split("\r\n")


def test_a_whole_answer():
    assert lines(headers={"content-type": "text/plain"}) == [
        "HTTP/1.1 200 OK",
        "server: gearshift",
        "date: Thu, 01 Jan 1970 00:00:00 GMT",
        "content-type: text/plain",
        "content-length: 3",
    ]


@pytest.mark.parametrize(
    ("status", "first"),
    [
        (200, "HTTP/1.1 200 OK"),
        (404, "HTTP/1.1 404 Not Found"),
        (502, "HTTP/1.1 502 Bad Gateway"),
        (599, "HTTP/1.1 599 Unnamed"),
    ],
)
def test_a_status_has_its_phrase(status, first):
    assert lines(status)[:2] == [first, "server: gearshift"]


@pytest.mark.parametrize(
    ("given", "framing"),
    [
        ({"length": 0}, ["content-length: 0"]),
        ({"length": None}, ["transfer-encoding: chunked"]),
        ({"length": None, "old": True, "keeps_alive": False}, ["connection: close"]),
        ({"length": 5, "old": True}, ["content-length: 5", "connection: keep-alive"]),
        ({"length": 5, "keeps_alive": False}, ["content-length: 5", "connection: close"]),
        ({"length": 0, "status": 204}, []),
        ({"length": None, "status": 204}, []),
    ],
)
def test_framing_is_what_the_client_can_read(given, framing):
    assert lines(**given)[3:] == framing


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_line_end_in_a_value_or_a_name_begins_no_header(end):
    stolen = f"{end}set-cookie: stolen=1"
    made = lines(headers={"x-said": f"a{stolen}", f"x{stolen}": "b", "x-next": "c"})
    quoted = f"{' ' * len(end)}set-cookie: stolen=1"
    assert made[3:] == [f"x-said: a{quoted}", f"x{quoted}: b", "x-next: c", "content-length: 3"]


def test_what_latin_cannot_say_is_a_question_mark():
    assert "x-model: m? é" in lines(headers={"x-model": "m模 é"})


@pytest.mark.parametrize(
    ("piece", "written"),
    [(b"abc", b"3\r\nabc\r\n"), (b"x" * 255, b"ff\r\n" + b"x" * 255 + b"\r\n")],
)
def test_a_piece_has_its_size_in_hexadecimal(piece, written):
    assert chunk(piece) == written
