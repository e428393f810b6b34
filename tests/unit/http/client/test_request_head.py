"""No key, header or name can end a head early or begin another request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.request_head import RequestHead

OWN = {"host": "h", "authorization": "Bearer sk-abc"}


def test_a_head_is_written_as_it_should_be():
    head = RequestHead(OWN)
    assert head.written("POST", "/v1/x?a=b", {"x-a": "é, ok"}, 3) == (
        b"POST /v1/x?a=b HTTP/1.1\r\nhost: h\r\nauthorization: Bearer sk-abc\r\n"
        b"content-type: application/json\r\nx-a: \xe9, ok\r\ncontent-length: 3\r\n\r\n"
    )
    assert head.written("GET", "/", None, None) == (
        b"GET / HTTP/1.1\r\nhost: h\r\nauthorization: Bearer sk-abc\r\n\r\n"
    )


@pytest.mark.parametrize("evil", ["a\r\nx-injected: 1", "a\n", "\0", "a\x7f", "‘quoted’", "\x85\n"])
def test_what_a_header_cannot_carry_is_refused_without_being_repeated(evil):
    for attempt in (
        lambda: RequestHead({"authorization": f"Bearer {evil}"}),
        lambda: RequestHead(OWN).written("GET", "/", {"x-a": evil}, None),
    ):
        with pytest.raises(UpstreamError) as caught:
            attempt()
        assert caught.value.fault is FailureKind.REJECTED
        assert evil not in str(caught.value)


def test_what_the_upstream_has_of_its_own_no_client_replaces():
    head = RequestHead({**OWN, "X-Tenant": "blue"})
    written = head.written("GET", "/", {"x-tenant": "red", "Host": "evil", "x-a": "1"}, None)
    assert written == (
        b"GET / HTTP/1.1\r\nhost: h\r\nauthorization: Bearer sk-abc\r\nX-Tenant: blue\r\n"
        b"x-a: 1\r\n\r\n"
    )


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "ä", "a\0"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(UpstreamError):
        RequestHead(OWN).written("GET", "/", {name: "1"}, None)


@pytest.mark.parametrize("target", ["", "/a b", "/a\r\nx: 1", "/ä", "/\0", "/a\tb"])
def test_an_address_that_is_none_is_refused(target):
    for _ in range(2):  # nor is it remembered
        with pytest.raises(UpstreamError):
            RequestHead(OWN).written("GET", target, None, None)


@given(st.text(max_size=8), st.dictionaries(st.text(max_size=6), st.text(max_size=8), max_size=3))
def test_a_head_has_just_the_lines_that_were_asked_for(path, headers):
    try:
        written = RequestHead(OWN).written("GET", f"/{path}", headers, 7)
    except UpstreamError:
        return
    headers = {name: value for name, value in headers.items() if name.lower() not in OWN}
    assert written.endswith(b"\r\n\r\n")
    assert written.count(b"\n") == written.count(b"\r") == 1 + len(OWN) + 2 + len(headers) + 1
    assert written.count(b"\r\n\r\n") == 1
