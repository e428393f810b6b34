"""What is asked for a token, and what of an answer is believed."""

import pytest

from gearshift.shared_state.limits import Owed, Taken, take
from gearshift.shared_state.state import SharedState


class Shared(SharedState):
    """Runs questions against a connection that says one thing."""

    def __init__(self, reply):
        self.asked = []
        self.connection = Connection(reply, self.asked)

    async def ask(self, question):
        return await question(self.connection)


class Connection:
    def __init__(self, reply, asked):
        self.reply, self.asked = reply, asked

    async def ask(self, *command):
        self.asked.append(command)
        return self.reply


async def test_a_bucket_is_asked_in_microseconds():
    shared = Shared([0, 1_500_000])
    assert await take(shared, "name", 120, 0.25, Owed(7, 2.5)) == Taken(0.0, 1.5)
    ((_, _, count, key, *times),) = shared.asked
    assert (count, key) == (1, "gearshift-state:1:rate:name:120")
    assert times == ["500000.000", "59500000.000", "250000.000", 7, "2500000"]


async def test_an_empty_one_says_how_long_to_wait():
    assert await take(Shared([2_000_000, 60_000_000]), "n", 60, 0) == Taken(2.0, 60.0)


@pytest.mark.parametrize("reply", [None, b"OK", [], [b"0", b"0"], [0, 1, 2]])
async def test_nonsense_counts_as_no_answer(reply):
    assert await take(Shared(reply), "n", 60, 0) is None
