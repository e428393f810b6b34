"""What belongs to a loop is closed before the loop is."""

import asyncio

from gearshift.http.client.loop_end import LoopEnd


def test_the_end_of_the_loop_closes():
    closed = []

    async def close():
        await asyncio.sleep(0)
        closed.append(asyncio.get_running_loop().is_running())

    end = LoopEnd(close)
    asyncio.run(end.arm())
    assert closed == [True]


def test_what_is_closed_already_is_not_closed_again():
    closed = []

    async def close():
        closed.append(1)

    async def run():
        end = LoopEnd(close)
        await end.arm()
        await end.disarm()
        await end.disarm()

    asyncio.run(run())
    assert closed == []
