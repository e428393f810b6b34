"""What a head must be so that its request is taken, and the path that it names."""

import pytest

from gearshift.http.server.request_head import head_error, path_of

HOST = {"host": "h:1"}


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/a/b?c=/d", "/a/b"),
        (b"http://host:1/a?b", "/a"),
        (b"http://host", "/"),
        (b"/%e4%bd%a0", "/你"),
        (b"/%ff", "/\ufffd"),
    ],
)
def test_paths(target, path):
    assert path_of(target) == path


def status(version="1.1", method=b"POST", target=b"/", headers=None, hosts=1):
    error = head_error(version, method, target, HOST | (headers or {}), hosts, 10)
    return None if error is None else error.status


@pytest.mark.parametrize(
    "head",
    [
        {},
        {"version": "1.0", "hosts": 0},
        {"target": b"http://h/x"},
        {"target": b"HTTPS://h/x"},
        {"target": b"*", "method": b"OPTIONS"},
        {"headers": {"content-length": "10"}},
        {"headers": {"transfer-encoding": "Chunked"}},
        {"headers": {"host": "[::1]:80"}},
        {"headers": {"host": ""}},
    ],
)
def test_what_is_taken(head):
    assert status(**head) is None


@pytest.mark.parametrize(
    ("head", "refusal"),
    [
        ({"version": "2.0"}, 505),
        ({"hosts": 0}, 400),
        ({"hosts": 2}, 400),
        ({"version": "1.0", "hosts": 2}, 400),
        ({"headers": {"host": "a b"}}, 400),
        ({"headers": {"host": "h:99999999"}}, 400),
        ({"target": b"x"}, 400),
        ({"target": b"/a#b"}, 400),
        ({"target": b"*"}, 400),
        ({"target": b"/", "method": b"CONNECT"}, 400),
        ({"headers": {"transfer-encoding": "gzip, chunked"}}, 501),
        ({"version": "1.0", "headers": {"transfer-encoding": "chunked"}}, 501),
        ({"headers": {"content-length": "11"}}, 413),
    ],
)
def test_what_is_refused(head, refusal):
    assert status(**head) == refusal
