"""Threads of one purpose never wait for those of another."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import gearshift
from gearshift.errors import RequestError
from gearshift.gateway import inbox as inbox_module
from gearshift.gateway.inbox import Inbox
from gearshift.threads import Purpose, in_thread


@pytest.mark.parametrize("busy", Purpose)
async def test_one_purpose_may_be_stuck_and_all_others_go_on(busy):
    release = threading.Event()
    stuck = [asyncio.ensure_future(in_thread(busy, release.wait)) for _ in range(20)]
    try:
        for other in set(Purpose) - {busy}:
            async with asyncio.timeout(30):
                assert await in_thread(other, lambda: 7) == 7
    finally:
        release.set()
        await asyncio.gather(*stuck)


def test_nothing_runs_in_threads_without_a_purpose():
    source = Path(gearshift.__file__).parent
    named = {
        file.name
        for file in source.rglob("*.py")
        if re.search(r"to_thread\(|run_in_executor\(", file.read_text())
    }
    assert named == {"threads.py"}


FORKS = """
import asyncio, os, signal
from gearshift.threads import Purpose, in_thread

async def answer():
    return await asyncio.gather(*(in_thread(purpose, lambda: 7) for purpose in Purpose))

asyncio.run(answer())
child = os.fork()
if not child:
    signal.alarm(30)
    os._exit(asyncio.run(answer()) != [7] * len(Purpose))
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_a_child_of_a_process_that_has_them_gets_its_own():
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0


class Stuck:
    """A log whose database does not answer."""

    def __init__(self):
        self.release = threading.Event()
        self.asked = 0

    def give(self, *_):
        self.asked += 1
        self.release.wait()
        return False


async def test_forty_verdicts_that_wait_hold_up_no_large_body(monkeypatch):
    monkeypatch.setattr(inbox_module, "_BETWEEN_SECONDS", 0.0)
    stuck = Stuck()
    inbox = Inbox(stuck)  # type: ignore[arg-type] # a fake
    given = [asyncio.ensure_future(inbox.give(f"dec-{n}", "good", None)) for n in range(40)]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        assert await in_thread(Purpose.DECODING, len, b"x" * 350_000) == 350_000
    assert not any(one.done() for one in given)
    stuck.release.set()
    assert await asyncio.gather(*given) == [False] * 40
    assert stuck.asked == 3 * 40


async def test_only_so_many_verdicts_wait():
    stuck = Stuck()
    inbox = Inbox(stuck)  # type: ignore[arg-type] # a fake
    given = [asyncio.ensure_future(inbox.give("dec-1", "good", None)) for _ in range(64)]
    await asyncio.sleep(0)
    with pytest.raises(RequestError) as refused:
        await inbox.give("dec-1", "good", None)
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
    for one in given:
        one.cancel()
    stuck.release.set()
    await asyncio.gather(*given, return_exceptions=True)
    assert inbox._under_way == 0
