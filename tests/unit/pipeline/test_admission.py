"""How many requests an upstream may have at once, and who waits."""

import asyncio

import pytest

from gearshift.errors import Fault, UpstreamError
from gearshift.pipeline.admission import Admission


async def test_places_are_given_in_the_order_of_asking():
    admission = Admission(1, 2, 5.0)
    await admission.enter("u")
    order = []

    async def wait(name):
        await admission.enter("u")
        order.append(name)

    tasks = [asyncio.create_task(wait(name)) for name in "ab"]
    await asyncio.sleep(0)
    for _ in range(3):
        admission.leave("u")
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == ["a", "b"]
    await admission.enter("u")  # nothing was lost


async def test_a_full_queue_is_busy_and_other_upstreams_do_not_notice():
    admission = Admission(1, 0, 5.0)
    await admission.enter("u")
    with pytest.raises(UpstreamError, match="1 requests in flight") as caught:
        await admission.enter("u")
    assert caught.value.fault is Fault.BUSY
    assert caught.value.retry_after_seconds
    await admission.enter("other")


async def test_who_waits_too_long_or_goes_away_takes_no_place():
    admission = Admission(1, 5, 0.02)
    await admission.enter("u")
    with pytest.raises(UpstreamError, match=r"within 0\.02 s"):
        await admission.enter("u")
    gone = asyncio.create_task(admission.enter("u"))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    admission.leave("u")
    await admission.enter("u")


async def test_a_place_that_comes_in_the_moment_of_leaving_is_passed_on():
    admission = Admission(1, 5, 5.0)
    await admission.enter("u")
    first = asyncio.create_task(admission.enter("u"))
    second = asyncio.create_task(admission.enter("u"))
    await asyncio.sleep(0)
    admission.leave("u")  # the place is first's, but first goes away before it learns of it
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    async with asyncio.timeout(1):
        await second
