"""`gearshift.serve`: the gateway from Python, without a command line."""

import asyncio
import gc

import aiohttp
import pytest

import gearshift


@pytest.fixture(autouse=True)
def own_state(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


async def running(**options):
    """A gateway in this loop: its task, its addresses, the event that ends it."""
    stop, addresses = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(
        gearshift.serve(
            gearshift.Settings.model_validate({"decision_log": {"enabled": False}}),
            port=0,
            admin_port=0,
            demo=True,
            ready=addresses.set_result,
            stop=stop,
            **options,
        )
    )
    await asyncio.wait([task, addresses], return_when=asyncio.FIRST_COMPLETED)
    return task, addresses, stop


async def test_it_answers_until_it_is_told_to_stop():
    collecting = gc.get_threshold()
    task, addresses, stop = await running()
    data, admin = addresses.result()
    async with aiohttp.ClientSession() as session:
        async with session.post(
            f"{data}/v1/chat/completions",
            json={"model": "auto", "messages": [{"role": "user", "content": "hi"}]},
        ) as answer:
            assert answer.status == 200
            assert answer.headers["x-gearshift-tier"] == "simple"
        async with session.get(f"{admin}/health/live") as answer:
            assert answer.status == 200
    stop.set()
    await task
    assert gc.get_threshold() == collecting  # the program's own again
    await nobody_listens(data)


async def test_cancelling_its_task_ends_it():
    task, addresses, _ = await running()
    data, _ = addresses.result()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await nobody_listens(data)


async def nobody_listens(url):
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{url}/health/live")


async def test_a_port_that_is_taken_is_told_and_leaves_nothing_behind():
    task, addresses, stop = await running()
    taken = int(addresses.result().data.rpartition(":")[2])
    with pytest.raises(gearshift.GearshiftError, match="cannot listen on"):
        await gearshift.serve(gearshift.Settings(), port=taken, admin_port=0, stop=asyncio.Event())
    stop.set()
    await task
