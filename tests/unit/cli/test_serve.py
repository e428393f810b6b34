"""`gearshift serve`: what it listens on, what it warns of, and how it ends."""

import asyncio
import os
import re
import resource
import socket
from types import SimpleNamespace
from typing import Any

import click
import pytest

from gearshift.cli import serve
from gearshift.cli.serve import Listeners
from gearshift.errors import GearshiftError
from gearshift.settings import Settings


@pytest.fixture
def notices(monkeypatch):
    """What was said on standard error."""
    found: list[str] = []
    monkeypatch.setattr(serve, "write_lines", lambda line: found.append(line.decode()))
    return found


def settings(**blocks):
    return Settings.model_validate(blocks)


# --- listening


def test_both_ports_are_there_before_it_says_that_it_is_ready():
    listeners = serve._listen("127.0.0.1", 0, 0, "https")
    try:
        line = listeners.ready_line()
        found = re.fullmatch(
            r"gearshift ready https://127\.0\.0\.1:(\d+) admin http://127\.0\.0\.1:(\d+)", line
        )
        assert found
        assert int(found[1]) == listeners.data.getsockname()[1]
        assert int(found[2]) == listeners.admin.getsockname()[1]
        assert listeners.data.getblocking() is False
    finally:
        listeners.data.close()
        listeners.admin.close()


def test_a_port_that_is_taken_is_said_with_the_option_and_nothing_stays_open():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = rf"cannot listen on 127\.0\.0\.1:{port}: .*Choose another with --port, 0 for any"
        with pytest.raises(GearshiftError, match=words):
            serve._listen("127.0.0.1", port, 0, "http")
        with pytest.raises(GearshiftError, match="--admin-port"):
            serve._listen("127.0.0.1", 0, port, "http")


def test_an_address_of_the_newer_kind_is_written_in_brackets():
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    named: Any = SimpleNamespace(getsockname=lambda: ("::1", 80, 0, 0))
    assert serve._url(named, "::1", "https") == "https://[::1]:80"
    assert Listeners(named, named, "::1").ready_line().endswith("admin http://[::1]:80")


@pytest.mark.parametrize(
    ("host", "is_loopback"),
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
def test_what_only_this_machine_reaches(host, is_loopback):
    assert serve._is_loopback(host) is is_loopback


# --- warnings and tokens


def test_a_gateway_that_others_reach_without_keys_is_warned_of():
    keys = settings(auth={"api_keys": ["a-key-of-some-length"]})
    assert serve._warnings("127.0.0.1", settings()) == []
    (line,) = serve._warnings("0.0.0.0", settings())
    assert line == "0.0.0.0 can be reached from elsewhere and auth.api_keys is empty"
    assert serve._warnings("0.0.0.0", keys) == []


def test_settings_that_do_nothing_and_weak_keys_are_warned_of():
    given = settings(cache={"enabled": True}, auth={"api_keys": ["short"]})
    first, second = serve._warnings("127.0.0.1", given)
    assert first.startswith("cache.enabled: ")
    assert second.startswith("auth.api_keys.0: ")
    assert "short" not in second.replace("shorter", "")


def test_the_admin_port_has_a_password_where_others_reach_it(notices):
    own = settings(admin={"token": "my-own-token-of-length"})
    assert serve._admin_token(settings(), "127.0.0.1") == ""
    assert serve._admin_token(own, "0.0.0.0") == "my-own-token-of-length"
    assert notices == []
    first, second = (serve._admin_token(settings(), "0.0.0.0") for _ in range(2))
    assert first != second
    assert len(first) >= 20
    assert first in notices[0]
    assert "admin.token" in notices[0]


# --- signals


async def test_the_first_signal_drains_and_the_second_does_not_wait(notices, monkeypatch):
    stop, ended = asyncio.Event(), []
    monkeypatch.setattr(os, "_exit", ended.append)
    serve._end(stop)
    assert stop.is_set()
    assert ended == []
    serve._end(stop)
    assert ended == [1]
    assert "second signal" in notices[0]


@pytest.mark.parametrize(
    ("had_terminal", "has_terminal", "stops"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
async def test_a_hang_up_reloads_unless_the_terminal_was_closed(
    monkeypatch, had_terminal, has_terminal, stops
):
    monkeypatch.setattr(serve, "_has_terminal", lambda: has_terminal)
    stop, asked = asyncio.Event(), asyncio.Event()
    serve._hung_up(stop, asked, had_terminal)
    assert (stop.is_set(), asked.is_set()) == (stops, not stops)


def test_without_standard_input_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert serve._has_terminal() is False
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert serve._has_terminal() is False


# --- beginnings


def test_as_many_files_may_be_open_as_the_machine_permits(monkeypatch):
    asked = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: asked.append(limits))
    serve._allow_many_files()
    assert asked == [(4096, 4096)]

    def refuse(kind, limits):
        raise ValueError("not permitted")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    serve._allow_many_files()


def test_it_says_that_it_is_ready(capsys, notices):
    serve._announce("gearshift ready")
    assert capsys.readouterr().out == "gearshift ready\n"
    assert notices == []


def test_a_standard_output_that_is_gone_does_not_end_it(monkeypatch, notices, tmp_path):
    def gone(line):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(click, "echo", gone)
    with open(tmp_path / "out", "w") as out:
        monkeypatch.setattr("sys.stdout", out)
        serve._announce("gearshift ready http://h")
        out.write("lost")
    assert (tmp_path / "out").read_text() == ""
    (line,) = notices
    assert "standard output cannot be written (Broken pipe)" in line
    assert "gearshift ready http://h" in line


def test_words_that_cannot_be_written_are_said_nevertheless(notices):
    serve._notice("a\ud800b")
    assert notices == ["gearshift: a\\ud800b\n"]
