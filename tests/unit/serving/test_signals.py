"""The first signal drains, the second does not wait, and a hang-up reloads."""

import asyncio
import os
import signal

import pytest

from gearshift.serving import signals


@pytest.fixture
def notices(monkeypatch):
    """What was said on standard error."""
    found: list[str] = []
    monkeypatch.setattr(signals, "notice", found.append)
    return found


async def test_the_first_signal_drains_and_the_second_does_not_wait(notices, monkeypatch):
    stop, ended = asyncio.Event(), []
    monkeypatch.setattr(os, "_exit", ended.append)
    signals._end(stop)
    assert stop.is_set()
    assert ended == []
    signals._end(stop)
    assert ended == [1]
    assert "second signal" in notices[0]


@pytest.mark.parametrize(
    ("had_terminal", "has_terminal", "stops"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
async def test_a_hang_up_reloads_unless_the_terminal_was_closed(
    monkeypatch, had_terminal, has_terminal, stops
):
    monkeypatch.setattr(signals, "_has_terminal", lambda: has_terminal)
    stop, asked = asyncio.Event(), asyncio.Event()
    signals._hung_up(stop, asked, had_terminal)
    assert (stop.is_set(), asked.is_set()) == (stops, not stops)


def test_without_standard_input_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert signals._has_terminal() is False
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert signals._has_terminal() is False


async def test_signals_set_the_events():
    stop, asked = asyncio.Event(), asyncio.Event()
    signals.heed_signals(stop, asked)
    loop = asyncio.get_running_loop()
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 30)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)
