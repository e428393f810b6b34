"""A worker as its parent sees it: every answer reaches who waits for it, and its end everybody."""

import asyncio
from typing import Any

import pytest

from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.serving import worker_process
from gearshift.serving.worker_process import WorkerGoneError, WorkerProcess
from gearshift.serving.worker_protocol import PREPARED, READY, SWITCHED, Commit, Start, written


class Process:
    """A child without a process; `obeys` says whether it ends when it is asked to."""

    pid = 4711

    def __init__(self, *, obeys=True):
        self.stdin = self
        self.stdout = asyncio.StreamReader(limit=100)
        self.obeys = obeys
        self.sent = b""
        self.signals = []
        self.code = None
        self.is_broken = False
        self._ended = asyncio.Event()

    def says(self, line):
        self.stdout.feed_data(line)

    def end(self, code=0):
        if self.code is None:
            self.code = code
            self.stdout.feed_eof()
            self._ended.set()

    def write(self, data):
        if self.is_broken:
            raise BrokenPipeError
        self.sent += data

    async def drain(self):
        await asyncio.sleep(0)

    async def wait(self):
        await self._ended.wait()
        return self.code

    def terminate(self):
        if self.code is not None:
            raise ProcessLookupError
        self.signals.append("terminate")
        if self.obeys:
            self.end()

    def kill(self):
        self.signals.append("kill")
        self.end(-9)


@pytest.fixture
async def process():
    return Process()


@pytest.fixture
async def worker(process):
    worker = WorkerProcess(process)
    yield worker
    await worker.stop()


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_answer_reaches_who_waits_for_that_word_of_that_change(worker, process):
    first, second = worker.answer(PREPARED, 1), worker.answer(PREPARED, 2)
    switched = worker.answer(SWITCHED, 2)
    process.says(b"prepared 2\n")
    await second
    assert not first.done()
    assert not switched.done()
    process.says(b"switched 2\nprepared 1\n")
    await asyncio.gather(first, switched)


async def test_a_refusal_fails_with_its_whole_reason(worker, process):
    answer = worker.answer(PREPARED, 3)
    process.says(b"refused 3 upstreams.0: no such file: a b.gguf\n")
    with pytest.raises(GearshiftError, match=r"^upstreams\.0: no such file: a b\.gguf$"):
        await answer


@pytest.mark.parametrize(
    "noise",
    [b"\n", b"hello\n", b"prepared\n", b"prepared one\n", b"prepared 9\n", b"\xff\xfe 1\n",
     b"x" * 1000 + b"\n", b"refused\n"],
)  # fmt: skip
async def test_what_a_scorer_prints_is_passed_over(worker, process, noise):
    answer = worker.answer(PREPARED, 1)
    process.says(noise)
    await settled()
    assert not answer.done()
    process.says(b"prepared 1\n")
    await answer


async def test_who_has_given_up_waiting_harms_nobody(worker, process):
    given_up, other = worker.answer(PREPARED, 1), worker.answer(PREPARED, 2)
    given_up.cancel()
    process.says(b"prepared 1\nrefused 1 late\nprepared 2\n")
    await other


async def test_its_end_reaches_everybody_who_waits_and_who_asks_later(worker, process):
    answers = [worker.answer(PREPARED, 1), worker.answer(SWITCHED, 1)]
    process.end(1)
    for answer in answers:
        with pytest.raises(WorkerGoneError):
            await answer
    with pytest.raises(WorkerGoneError):
        await worker.answer(PREPARED, 2)
    assert await worker.wait() == 1


async def test_an_order_that_nobody_reads_is_lost(worker, process):
    await worker.send(Commit(1))
    process.is_broken = True
    await worker.send(Commit(2))
    assert process.sent == written(Commit(1))


async def test_it_is_let_drain(worker, process):
    await worker.stop()
    await worker.stop()
    assert process.signals == ["terminate"]


async def test_one_that_does_not_end_is_killed(monkeypatch):
    monkeypatch.setattr(worker_process, "_SPARE_SECONDS", 0)
    process: Any = Process(obeys=False)
    await WorkerProcess(process).stop()
    assert process.signals == ["terminate", "kill"]


@pytest.fixture
def launched(monkeypatch, process):
    async def start(*_, **options):
        process.options = options
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    return process


BEGIN = Start(Settings(), (), listener=7)


async def test_it_is_started_when_it_says_that_it_is_ready(launched):
    starting = asyncio.create_task(WorkerProcess.launch(BEGIN))
    await settled()
    assert not starting.done()
    assert launched.sent == written(BEGIN)
    assert launched.options["pass_fds"] == (7,)
    assert launched.options["start_new_session"]
    launched.says(f"{READY}\n".encode())
    worker = await starting
    assert worker.pid == launched.pid
    assert launched.signals == []
    await worker.stop()


async def test_one_that_ends_at_once_has_not_started(launched):
    launched.end(2)
    with pytest.raises(GearshiftError, match="did not start"):
        await WorkerProcess.launch(BEGIN)


async def test_one_that_never_gets_ready_is_ended(launched, monkeypatch):
    monkeypatch.setattr(worker_process, "_START_SECONDS", 0)
    with pytest.raises(GearshiftError, match="did not start"):
        await WorkerProcess.launch(BEGIN)
    assert launched.signals == ["terminate"]


async def test_a_start_that_is_given_up_leaves_no_process(launched):
    starting = asyncio.create_task(WorkerProcess.launch(BEGIN))
    await settled()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert launched.signals == ["terminate"]
