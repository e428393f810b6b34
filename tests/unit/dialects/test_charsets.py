"""Bodies that are not UTF-8: read as what they declare, or refused in words that help."""

import pytest

from gearshift.dialects.body import readable_object
from gearshift.dialects.charsets import in_utf8
from gearshift.errors import RequestError

TEXT = '{"prompt":"Größe €? 😀"}'
WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("spelled", ["charset={}", 'Charset = "{}"', "charset={} ; x=y"])
def test_what_is_declared_is_read(encoding, spelled):
    kind = "application/json; " + spelled.format(encoding.upper())
    assert in_utf8(TEXT.encode(encoding), kind).decode() == TEXT
    assert in_utf8(TEXT.encode(), kind).decode() == TEXT  # whatever it says


@pytest.mark.parametrize("charset", ["iso-8859-1", "latin1", "windows-1252"])
def test_latin_where_it_is_declared_and_is_no_utf8(charset):
    text = '{"prompt":"Größe"}'
    kind = f"text/plain;charset={charset}"
    assert in_utf8(text.encode("latin-1"), kind).decode() == text
    assert in_utf8(text.encode(), kind).decode() == text
    assert in_utf8(b"\x9f", kind) != b"\x9f"


@pytest.mark.parametrize("kind", ["", "application/json", "x; charset=utf-8", "x; charset=nope"])
def test_without_such_a_charset_it_stays(kind):
    raw = TEXT.encode("utf-16")
    assert in_utf8(raw, kind) is raw


def test_what_is_not_what_it_declares_is_refused():
    with pytest.raises(RequestError, match=r"not utf-16-le, as its Content-Type says.*UTF-8"):
        in_utf8("{}".encode("utf-16-le") + b"\x00\xd8\x00", "x; charset=utf-16-le")


@pytest.mark.parametrize("encoding", WIDE)
def test_where_nothing_is_declared_the_error_says_what_was_seen_and_what_to_send(encoding):
    with pytest.raises(RequestError) as caught:
        readable_object(TEXT.encode(encoding))
    message = caught.value.message
    assert message.startswith(f"The body is {encoding.upper()[:6]}")
    assert "UTF-8" in message
    assert "charset=" in message


@pytest.mark.parametrize("raw", [b"\x00\x00", b"{\x00", b"\xff\xfe", b"a\x00b\x00", b"\x00{"])
def test_other_bytes_are_not_taken_for_it(raw):
    with pytest.raises(RequestError, match=r"not valid JSON|The body is UTF-16"):
        readable_object(raw)
