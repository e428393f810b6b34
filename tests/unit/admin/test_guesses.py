"""How long whoever tries tokens has to wait."""

import pytest

from gearshift.admin.guesses import Guesses
from gearshift.errors import RequestError

MINUTE = 60


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wait(guesses, address="a"):
    try:
        guesses.check(address)
    except RequestError as error:
        return int(error.headers["Retry-After"])
    return 0


def test_ten_are_free_then_each_costs_twice_as_long_up_to_a_minute():
    clock = Clock()
    guesses = Guesses(clock)
    waits = []
    for index in range(20):
        guesses.wrong("a", f"token {index}")
        waits.append(wait(guesses))
        clock.now += waits[-1]
        assert wait(guesses) == 0
    assert waits == [0] * 9 + [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]


def test_in_a_day_an_address_tries_few():
    clock = Clock()
    guesses = Guesses(clock)
    end, tried = clock.now + 24 * 60 * MINUTE, 0
    while clock.now < end:
        guesses.wrong("a", f"token {tried}")
        tried += 1
        clock.now += wait(guesses) or 0.001
    assert tried < 1500


def test_the_same_one_again_is_no_guess():
    guesses = Guesses(Clock())
    for _ in range(100):
        guesses.wrong("a", "an old token")
        guesses.wrong("a", "another program's old token")
    assert wait(guesses) == 0


def test_addresses_do_not_harm_each_other_but_a_network_is_one():
    guesses = Guesses(Clock())
    for index in range(10):
        guesses.wrong(f"2001:db8::{index}", str(index))
        guesses.wrong("10.0.0.1", str(index))
    assert wait(guesses, "2001:db8::ffff") == 1
    assert wait(guesses, "::ffff:10.0.0.1") == wait(guesses, "10.0.0.1") == 1
    assert wait(guesses, "2001:db8:0:1::1") == wait(guesses, "10.0.0.2") == wait(guesses, "") == 0


def test_the_right_one_and_time_make_it_good():
    clock = Clock()
    guesses = Guesses(clock)
    for index in range(12):
        guesses.wrong("a", str(index))
        guesses.wrong("b", str(index))
    with pytest.raises(RequestError) as caught:
        guesses.check("a")
    assert caught.value.status == 429
    guesses.right("a")
    assert (wait(guesses, "a"), wait(guesses, "b")) == (0, 4)
    clock.now += 16 * MINUTE
    guesses.wrong("b", "one more")
    assert wait(guesses, "b") == 0


def test_few_addresses_are_remembered():
    guesses = Guesses(Clock())
    for index in range(10):
        guesses.wrong("first", str(index))
    for index in range(5000):
        guesses.wrong(f"other {index}", "x")
    assert len(guesses._guessers) == 1024


@pytest.mark.parametrize("token", ["", "\udcff", "ü" * 10_000])
def test_any_text_can_be_a_guess(token):
    Guesses(Clock()).wrong("fe80::1%eth0", token)
