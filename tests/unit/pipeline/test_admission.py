"""How many requests an upstream may have at once, and who waits."""

import asyncio
from contextlib import suppress

import pytest
from tests.fakes.finished import decision
from tests.fakes.steps import run_interrupted

from gearshift.errors import FailureKind
from gearshift.pipeline.admission import Admission, NoPlaceError
from gearshift.types import CompleteResponse, Frame


def admission(places, queue, seconds=5.0, tiers=("a",)):
    return Admission(places, queue, seconds, lambda upstream: frozenset(tiers))


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


class Frames:
    is_closed = False

    async def read(self):
        return None

    async def aclose(self):
        self.is_closed = True


async def test_places_are_given_in_the_order_of_asking():
    gates = admission(1, 2)
    held = [await gates.place("u", "a")]
    order = []

    async def wait(name):
        held.append(await gates.place("u", "a"))
        order.append(name)

    tasks = [asyncio.create_task(wait(name)) for name in "ab"]
    await turns()
    for _ in range(3):
        held.pop(0).leave()
        await turns()
    await asyncio.gather(*tasks)
    assert order == ["a", "b"]
    assert gates.place_at_once("u", "a")  # nothing was lost


async def test_nobody_overtakes_those_who_wait():
    gates = admission(1, 2)
    place = await gates.place("u", "a")
    first = asyncio.create_task(gates.place("u", "a"))
    await turns()
    place.leave()
    assert gates.place_at_once("u", "a") is None
    (await first).leave()


async def test_a_full_queue_is_busy_and_other_upstreams_do_not_notice():
    gates = admission(1, 0)
    await gates.place("u", "a")
    with pytest.raises(NoPlaceError, match="1 requests in flight and 0 waiting") as caught:
        await gates.place("u", "a")
    assert caught.value.fault is FailureKind.BUSY
    assert caught.value.retry_after_seconds
    await gates.place("other", "a")


async def test_who_waits_too_long_or_goes_away_takes_no_place():
    gates = admission(1, 5, 0.02)
    place = await gates.place("u", "a")
    with pytest.raises(NoPlaceError, match=r"within 0\.02 s"):
        await gates.place("u", "a")
    gone = asyncio.create_task(gates.place("u", "a"))
    await turns(1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    place.leave()
    await gates.place("u", "a")


@pytest.mark.parametrize("is_first", ["place", "end"])
async def test_a_place_that_comes_in_the_moment_of_leaving_is_passed_on(is_first):
    gates = admission(1, 5)
    place = await gates.place("u", "a")
    first = asyncio.create_task(gates.place("u", "a"))
    second = asyncio.create_task(gates.place("u", "a"))
    await turns()
    if is_first == "place":
        place.leave()  # it is first's, but first goes away before it learns of it
        first.cancel()
    else:
        first.cancel()
        place.leave()
    with pytest.raises(asyncio.CancelledError):
        await first
    async with asyncio.timeout(30):
        await second


@pytest.mark.parametrize("is_first", ["place", "end"])
def test_the_end_of_the_wait_in_the_moment_of_the_place(is_first):
    async def scenario():
        gates = admission(1, 5, 1.0)
        place = await gates.place("u", "a")
        loop = asyncio.get_running_loop()
        if is_first == "place":  # both in one turn of the loop
            loop.call_at(loop.time() + 1.0, place.leave)
        waiting = asyncio.ensure_future(gates.place("u", "a"))
        await turns()
        if is_first == "end":
            loop.call_at(loop.time() + 1.0, place.leave)
        with suppress(NoPlaceError):
            (await waiting).leave()
        assert gates.place_at_once("u", "a")  # nothing was lost

    run_interrupted(scenario, None)


async def test_who_goes_away_makes_room_in_the_queue_at_once():
    gates = admission(1, 1)
    await gates.place("u", "a")
    for _ in range(3):
        waiting = asyncio.create_task(gates.place("u", "a"))
        await turns()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_a_place_is_given_back_once_and_by_the_frames_where_they_keep_it():
    gates = admission(1, 0)
    with pytest.raises(RuntimeError), await gates.place("u", "a"):
        raise RuntimeError
    with await gates.place("u", "a") as place:
        place.kept_by(CompleteResponse(Frame(b"")))
    frames = Frames()
    with await gates.place("u", "a") as place:
        kept = place.kept_by(frames)
    assert gates.place_at_once("u", "a") is None
    await kept.aclose()
    assert frames.is_closed
    await kept.aclose()
    assert gates._gates["u"]._in_flight.total == 0


async def test_who_waits_in_another_event_loop_is_woken_there():
    gates = admission(1, 5)
    place = await gates.place("u", "a")

    async def wait():
        return await gates.place("u", "a")

    waiting = asyncio.create_task(asyncio.to_thread(asyncio.run, wait()))
    while not gates._gates["u"]._waiting.total:  # noqa: ASYNC110 - another thread is to come so far
        await asyncio.sleep(0.001)
    place.leave()
    async with asyncio.timeout(5):
        (await waiting).leave()
    assert gates.place_at_once("u", "a")


# --- several tiers at one upstream


TIERS = {
    "two": ("simple", "complex"),
    "three": ("simple", "middle", "complex"),
    "with others": ("simple", "complex", ""),
}


async def hang(gates, tier, count):
    """So many requests that never end."""
    tasks = [asyncio.create_task(gates.place("u", tier)) for _ in range(count)]
    await turns()
    return tasks


@pytest.mark.parametrize("tiers", TIERS.values(), ids=TIERS)
@pytest.mark.parametrize("places", [3, 4, 5, 16, 64])
@pytest.mark.parametrize("hanging", [1, 150, 300])
async def test_tiers_that_hang_leave_the_others_a_place_and_a_queue(tiers, places, hanging):
    gates = admission(places, 256, tiers=tiers)
    tasks = []
    for stuck in tiers[1:]:
        tasks += await hang(gates, stuck, hanging)
    for _ in range(50):
        (await gates.place("u", tiers[0])).leave()
    # Its own queue is as long as it is for anybody.
    ours = await hang(gates, tiers[0], 40)
    assert not any(task.done() and task.exception() for task in ours)
    assert any(task.done() for task in ours)
    for task in [*tasks, *ours]:
        task.cancel()
    await asyncio.gather(*tasks, *ours, return_exceptions=True)


@pytest.mark.parametrize("places", [1, 2, 3, 8, 64])
async def test_one_busy_tier_gets_more_than_half_and_all_where_it_is_alone(places):
    shared = admission(places, 0, tiers=("a", "b"))
    alone = admission(places, 0, tiers=("a",))
    count = sum(shared.place_at_once("u", "a") is not None for _ in range(100))
    assert places / 2 <= count <= max(1, places - 1)
    assert sum(alone.place_at_once("u", "a") is not None for _ in range(100)) == places


async def test_a_place_that_is_free_goes_to_the_tier_that_has_the_fewest():
    gates = admission(4, 100, tiers=("a", "b"))
    held = [await gates.place("u", "a") for _ in range(3)]
    held.append(await gates.place("u", "b"))
    many = await hang(gates, "a", 10)
    few = await hang(gates, "b", 3)
    given = []
    for _ in range(3):
        held.pop(0).leave()
        await turns()
        given.append([sum(task.done() for task in tasks) for tasks in (many, few)])
    assert given == [[0, 1], [1, 1], [2, 1]]  # now both hold two
    for task in [*many, *few]:
        task.cancel()
    await asyncio.gather(*many, *few, return_exceptions=True)


async def test_limits_that_are_raised_let_in_those_who_wait():
    old = admission(1, 5)
    await old.place("u", "a")
    waiting = asyncio.create_task(old.place("u", "a"))
    await turns()
    new = admission(3, 5)
    new.carry_over(old, ())
    new.place_at_once("u", "a")
    async with asyncio.timeout(30):
        await waiting


async def test_of_two_tiers_that_hold_as_many_the_one_that_came_first_is_next():
    gates = admission(2, 100, tiers=("a", "b"))
    held = [await gates.place("u", tier) for tier in "ab"]
    waiting = {tier: await hang(gates, tier, 2) for tier in "ba"}
    held[0].leave()  # now b has one, a none
    await turns()
    assert [sum(task.done() for task in waiting[tier]) for tier in "ab"] == [1, 0]
    held[1].leave()
    (await waiting["a"][0]).leave()  # now neither has one: two are let in, the first of each
    await turns()
    assert [sum(task.done() for task in waiting[tier]) for tier in "ab"] == [2, 1]
    for task in [*waiting["a"], *waiting["b"]]:
        task.cancel()


@pytest.mark.parametrize("last", [0, 1, 2, 3])
async def test_the_queue_says_how_full_it_is_and_takes_just_so_many(last):
    gates = admission(2, last)
    for _ in range(2):
        await gates.place("u", "a")
    waiting = await hang(gates, "a", last)
    with pytest.raises(NoPlaceError) as caught:
        await gates.place("u", "a")
    error = caught.value
    assert error.message == f"2 requests in flight and {last} waiting"
    assert (error.fault, error.retry_after_seconds) == (FailureKind.BUSY, 1.0)
    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()


def test_who_waits_is_refused_after_just_so_long():
    async def scenario():
        gates = admission(1, 5, 2.5)
        await gates.place("u", "a")
        loop = asyncio.get_running_loop()
        with pytest.raises(NoPlaceError) as caught:
            await gates.place("u", "a")
        assert caught.value.message == "no free place within 2.5 s"
        assert loop.time() == 2.5

    run_interrupted(scenario, None)


@pytest.mark.parametrize(("places", "let_in"), [(1, 0), (2, 0), (3, 1), (4, 2), (5, 2)])
async def test_new_limits_let_in_just_so_many_and_take_from_nobody(places, let_in):
    old = admission(2, 5)
    held = [await old.place("u", "a") for _ in range(2)]
    waiting = await hang(old, "a", 2)
    new = admission(places, 5)
    new.carry_over(old, ())
    # Whoever asks now stands behind those who wait.
    assert (new.place_at_once("u", "a") is not None) == (places == 5)
    await turns()
    assert sum(task.done() for task in waiting) == let_in
    for place in held:
        place.leave()
    for task in waiting:
        if places > 1:
            await task
        task.cancel()


async def test_who_waits_is_let_in_when_fewer_tiers_share_the_places():
    old = admission(4, 5, tiers=("a", "b"))
    waiting = await hang(old, "a", 5)
    assert sum(task.done() for task in waiting) == 3
    new = admission(4, 5, tiers=("a",))
    new.carry_over(old, ())
    assert new.place_at_once("u", "a") is None
    await turns()
    assert sum(task.done() for task in waiting) == 4
    waiting[-1].cancel()


async def test_a_waiter_whose_event_loop_has_been_closed_is_passed_over():
    gates = admission(1, 5)
    place = await gates.place("u", "a")

    def leave_behind():
        loop = asyncio.new_event_loop()
        task = loop.create_task(gates.place("u", "a"))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        return task

    left = await asyncio.to_thread(leave_behind)
    waiting = await hang(gates, "a", 1)
    place.leave()
    async with asyncio.timeout(5):
        (await waiting[0]).leave()
    assert gates.place_at_once("u", "a")
    left._log_destroy_pending = False
    with suppress(RuntimeError):
        left.get_coro().close()


async def test_frames_that_cannot_be_closed_give_their_place_back_all_the_same():
    class Broken(Frames):
        async def aclose(self):
            raise RuntimeError("a defect")

    gates = admission(1, 0)
    with await gates.place("u", "a") as place:
        kept = place.kept_by(Broken())
    with pytest.raises(RuntimeError):
        await kept.aclose()
    assert gates.place_at_once("u", "a")


async def test_an_answer_in_one_piece_keeps_no_place():
    gates, whole = admission(1, 0), CompleteResponse(Frame(b"x"))
    with await gates.place("u", "a") as place:
        assert place.kept_by(whole) is whole
    assert gates.place_at_once("u", "a")


async def test_frames_that_are_read_to_their_end_give_their_place_back_though_nobody_closes_them():
    gates, frames = admission(1, 0), Frames()
    with await gates.place("u", "a") as place:
        kept = place.kept_by(frames)
    assert await kept.read() is None
    assert frames.is_closed
    assert gates.place_at_once("u", "a")


async def test_busy_are_all_that_have_a_place_and_all_that_wait():
    gates = admission(1, 2)
    assert gates.busy("u") == 0
    place = await gates.place("u", "a")
    waiting = [asyncio.create_task(gates.place("u", "a")) for _ in range(2)]
    await turns()
    assert (gates.busy("u"), gates.busy("other")) == (3, 0)
    place.leave()
    (await waiting[0]).leave()
    (await waiting[1]).leave()
    assert gates.busy("u") == 0


async def test_whether_there_is_a_place_takes_none():
    gates = admission(1, 0)
    where = decision(upstream="u", tier="a")
    assert gates.has_place(where)
    assert gates.has_place(where)
    place = await gates.place("u", "a")
    assert not gates.has_place(where)
    assert gates.has_place(decision(upstream="other", tier="a"))
    place.leave()
    assert gates.has_place(where)


async def test_a_place_that_is_held_for_another_tier_is_none():
    gates = admission(2, 0, tiers=("a", "b"))
    await gates.place("u", "a")
    assert not gates.has_place(decision(upstream="u", tier="a"))
    assert gates.has_place(decision(upstream="u", tier="b"))
