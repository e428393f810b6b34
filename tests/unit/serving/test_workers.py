"""Workers take a change all together or not at all, and one that ends is replaced."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from gearshift.cache.contents import Selection
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.serving import workers as module
from gearshift.serving.worker_process import WorkerGoneError
from gearshift.serving.worker_protocol import (
    CACHE,
    DRAINED,
    PREPARED,
    SWITCHED,
    Abort,
    Cache,
    Commit,
    Prepare,
)
from gearshift.serving.workers import Workers

OLD = Settings.model_validate({"limits": {"max_headers": 1}, "shutdown": {"delay_seconds": 7}})
NEW = Settings.model_validate({"limits": {"max_headers": 2}})


class Worker:
    """Does as it is told, unless `does` says otherwise of an order's kind."""

    launched: list["Worker"]
    fails: int

    def __init__(self, begin):
        self.begin = begin
        self.pid = len(self.launched)
        self.orders = []
        self.answers = {}
        self.does = {}
        self.ended = asyncio.Event()
        self.is_stopped = False

    @classmethod
    async def launch(cls, begin):
        await asyncio.sleep(0)
        if cls.fails:
            cls.fails -= 1
            raise GearshiftError("a worker did not start")
        worker = cls(begin)
        cls.launched.append(worker)
        return worker

    def answer(self, stage, number):
        return self.answers.setdefault((stage, number), asyncio.get_running_loop().create_future())

    async def send(self, order):
        self.orders.append(order)
        stage = {Prepare: PREPARED, Commit: SWITCHED, Cache: CACHE}.get(type(order))
        if stage is None:
            return
        answer = self.answer(stage, order.number)
        match self.does.get(type(order)):
            case None:
                answer.set_result(f'[{{"level": "memory", "entries": {self.pid}}}]')
            case BaseException() as error:
                answer.set_exception(error)

    def drained(self, number):
        self.answer(DRAINED, number).set_result(None)

    async def wait(self):
        await self.ended.wait()
        return -9

    async def stop(self, within_seconds):
        self.is_stopped = True
        self.had_seconds = within_seconds
        self.ended.set()


@pytest.fixture
def launched(monkeypatch):
    Worker.launched, Worker.fails = [], 0
    monkeypatch.setattr(module, "WorkerProcess", Worker)
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    return Worker.launched


@pytest.fixture
async def workers(launched):
    with socket.socket() as listener, Workers(listener, 2) as workers:
        await workers.start(OLD, ())
        yield workers
        await workers.stop()


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came")


async def test_as_many_as_wanted_start_with_the_socket(workers, launched):
    assert len(launched) == 2
    for worker in launched:
        assert worker.begin.settings is OLD
        assert worker.begin.workers == 2
        assert worker.begin.listener == workers._listener.fileno()


async def test_a_change_is_switched_only_when_everybody_is_prepared(workers, launched):
    launched[1].does[Prepare] = "waits"
    changing = asyncio.create_task(workers.change(NEW, ()))
    await until(lambda: launched[1].orders)
    assert [type(o) for o in launched[0].orders] == [Prepare]
    launched[1].answers[PREPARED, 1].set_result(None)
    drained = await changing
    for worker in launched:
        assert worker.orders == [Prepare(1, NEW, ()), Commit(1)]
    launched[0].drained(1)
    await asyncio.sleep(0)
    assert not drained.done()
    launched[1].drained(1)
    await drained


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (GearshiftError("no such file"), "^no such file$"),
        (WorkerGoneError("gone"), "SIGHUP to try again"),
    ],
)
async def test_what_one_cannot_do_nobody_does(workers, launched, error, said):
    launched[1].does[Prepare] = error
    with pytest.raises(GearshiftError, match=said):
        await workers.change(NEW, ())
    assert [worker.orders[-1] for worker in launched] == [Abort(1), Abort(1)]
    launched[0].ended.set()
    await until(lambda: len(launched) == 3)
    assert launched[2].begin.settings is OLD


async def test_one_that_does_not_get_ready_in_time_holds_nobody_up(workers, launched, monkeypatch):
    monkeypatch.setattr(module, "_PREPARE_SECONDS", 0)
    launched[0].does[Prepare] = "waits"
    with pytest.raises(GearshiftError, match="in time"):
        await workers.change(NEW, ())
    assert launched[1].orders[-1] == Abort(1)


async def test_changes_have_numbers_of_their_own(workers, launched):
    launched[1].does[Prepare] = GearshiftError("no")
    with pytest.raises(GearshiftError):
        await workers.change(NEW, ())
    launched[1].does.clear()
    await workers.change(NEW, ())
    assert launched[1].orders[-1] == Commit(2)


async def test_one_that_does_not_confirm_is_told_of(workers, launched, monkeypatch, caplog):
    monkeypatch.setattr(module, "_SWITCH_SECONDS", 0)
    launched[0].does[Commit] = "waits"
    await workers.change(NEW, ())
    assert "worker 0 has not confirmed" in caplog.text


async def test_one_that_ends_while_switching_is_replaced_with_the_new_settings(workers, launched):
    launched[0].does[Commit] = WorkerGoneError("gone")
    await workers.change(NEW, ())
    launched[0].ended.set()
    await until(lambda: len(launched) == 3)
    assert launched[2].begin.settings is NEW


async def test_a_replacement_takes_part_in_later_changes_and_the_dead_one_does_not(
    workers, launched, caplog
):
    launched[0].ended.set()
    await until(lambda: len(launched) == 3)
    assert "worker 0 ended with code -9" in caplog.text
    await workers.change(NEW, ())
    assert launched[0].orders == []
    assert launched[2].orders == [Prepare(1, NEW, ()), Commit(1)]


async def test_a_replacement_that_does_not_start_is_tried_again(workers, launched):
    Worker.fails = 2
    launched[0].ended.set()
    await until(lambda: len(launched) == 3)
    assert Worker.fails == 0


async def test_a_replacement_waits_for_a_change_that_is_under_way(workers, launched):
    launched[1].does[Prepare] = "waits"
    changing = asyncio.create_task(workers.change(NEW, ()))
    await until(lambda: launched[1].orders)
    launched[0].ended.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(launched) == 2
    launched[1].answers[PREPARED, 1].set_result(None)
    await changing
    await until(lambda: len(launched) == 3)
    assert launched[2].begin.settings is NEW


async def test_caches_are_those_of_all_workers(workers, launched, monkeypatch):
    found = await workers.cache_contents(Selection(tier="simple"), clear=True)
    assert sorted(one["entries"] for one in found) == [0, 1]
    assert launched[0].orders[-1] == Cache(1, Selection(tier="simple"), clear=True)
    monkeypatch.setattr(module, "_SWITCH_SECONDS", 0.01)
    launched[1].does[Cache] = "nothing"
    with pytest.raises(GearshiftError, match="has not answered in time"):
        await workers.cache_contents(Selection())


async def test_stopping_ends_all_and_starts_none(workers, launched):
    await workers.stop()
    assert all(worker.is_stopped for worker in launched)
    limits, shutdown = OLD.limits, OLD.shutdown
    assert {worker.had_seconds for worker in launched} == {
        shutdown.delay_seconds + limits.total_seconds
    }
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(launched) == 2


def test_the_folder_of_their_metrics_lasts_as_long_as_they():
    with socket.socket() as listener, Workers(listener, 1):
        folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        (folder / "x.db").touch()
    assert not folder.exists()
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
