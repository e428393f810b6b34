"""Both planes have their sockets before anything else begins."""

import socket
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.errors import GearshiftError
from gearshift.serving.listeners import Listeners, is_loopback, listen


def port_of(url):
    return int(url.rpartition(":")[2])


def test_both_ports_are_there_before_it_says_that_it_is_ready():
    listeners = listen("127.0.0.1", 0, 0, "https")
    try:
        data, admin = listeners.addresses()
        assert data.startswith("https://127.0.0.1:")
        assert admin.startswith("http://127.0.0.1:")
        assert port_of(data) == listeners.data.getsockname()[1]
        assert port_of(admin) == listeners.admin.getsockname()[1]
        assert listeners.data.getblocking() is False
    finally:
        listeners.close()
    assert listeners.data.fileno() == listeners.admin.fileno() == -1


def test_a_port_that_is_taken_is_said_with_the_option_and_nothing_stays_open():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = rf"cannot listen on 127\.0\.0\.1:{port}: .*Choose another with --port, 0 for any"
        with pytest.raises(GearshiftError, match=words):
            listen("127.0.0.1", port, 0, "http")
        with pytest.raises(GearshiftError, match="--admin-port"):
            listen("127.0.0.1", 0, port, "http")


def test_an_address_of_the_newer_kind_is_written_in_brackets():
    named: Any = SimpleNamespace(getsockname=lambda: ("::1", 80, 0, 0))
    addresses = Listeners(named, named, "::1", "https").addresses()
    assert addresses == ("https://[::1]:80", "http://[::1]:80")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("myhost", False),
        ("", False),
    ],
)
def test_what_only_this_machine_reaches(host, expected):
    assert is_loopback(host) is expected
