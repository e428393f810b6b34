"""Which key a request carries, and when it has been used too often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.config.sections.access import AuthSettings, hash_of
from gearshift.errors import RequestError
from gearshift.gateway.auth import KeyRing
from gearshift.shared_state.limits import Taken

HASHED = hash_of("third-key")


def ring(*keys, workers=1, now=lambda: 0.0, before=None, shared=None):
    auth = AuthSettings.model_validate({"api_keys": list(keys)})
    return KeyRing(auth, workers, now, before, shared)


KEYS = ring("first-key", {"name": "b", "key": "second-key", "tiers": ["simple"]}, HASHED)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"authorization": "Bearer first-key"}, None),
        ({"authorization": "bearer   second-key "}, "b"),
        ({"x-api-key": "second-key"}, "b"),
        ({"authorization": "Basic eDp5", "x-api-key": "second-key"}, "b"),
        ({"api-key": "second-key"}, "b"),
        ({"authorization": "Bearer ", "x-api-key": "", "api-key": " first-key"}, None),
        ({"authorization": "Bearer ", "x-api-key": "second-key"}, "b"),
        ({"authorization": "Bearer third-key"}, None),
    ],
)
def test_a_key_is_found_wherever_clients_put_it(headers, name):
    found = KEYS.find(headers)
    assert found.name == name
    assert found.tiers == (frozenset({"simple"}) if name else None)
    assert "key" not in str(found.name)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer wrong"},
        {"authorization": "first-key"},
        {"authorization": "Basic first-key"},
        {"authorization": f"Bearer {HASHED}"},
        {"x-api-key": "FIRST-KEY"},
        {"authorization": "Bearer wrong", "x-api-key": "first-key"},
        {"x-api-key": "wrong", "api-key": "first-key"},
        {"authorization": "Bearer first-key\udcff"},
    ],
)
def test_anything_else_is_refused(headers):
    with pytest.raises(RequestError) as caught:
        KEYS.find(headers)
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}
    assert "first-key" not in str(caught.value)


@given(st.text(), st.text())
def test_no_header_is_a_surprise(authorization, api_key):
    with pytest.raises(RequestError):
        KEYS.find({"authorization": authorization, "x-api-key": api_key})


async def test_the_limit_is_the_keys_own_and_says_when_to_come_back():
    time = [0.0]
    keys = ring({"key": "a", "requests_per_minute": 2}, "b", now=lambda: time[0])
    limited, free = keys.find({"x-api-key": "a"}), keys.find({"x-api-key": "b"})
    await keys.spend(limited)
    await keys.spend(limited)
    with pytest.raises(RequestError) as caught:
        await keys.spend(limited)
    assert (caught.value.status, caught.value.code) == (429, "rate_limit_exceeded")
    assert caught.value.headers == {"Retry-After": "30"}
    for _ in range(10):
        await keys.spend(free)
    time[0] = 29.5
    with pytest.raises(RequestError) as caught:
        await keys.spend(limited)
    assert caught.value.headers == {"Retry-After": "1"}
    time[0] = 30.0
    await keys.spend(limited)


async def test_each_worker_gives_its_share():
    keys = ring({"key": "a", "requests_per_minute": 6}, workers=3)
    key = keys.find({"x-api-key": "a"})
    await keys.spend(key)
    await keys.spend(key)
    with pytest.raises(RequestError):
        await keys.spend(key)


async def test_a_change_of_settings_gives_nothing_back_unless_the_limit_changes():
    given_ = {"x-api-key": "a"}
    first = ring({"key": "a", "requests_per_minute": 1})
    await first.spend(first.find(given_))
    same = ring("b", {"name": "n", "key": "a", "requests_per_minute": 1}, before=first)
    with pytest.raises(RequestError):
        await same.spend(same.find(given_))
    other = ring({"key": "a", "requests_per_minute": 2}, before=same)
    await other.spend(other.find(given_))
    free = ring("a", before=other)
    assert free.find(given_).limiter is None


def test_each_key_has_a_cache_scope_of_its_own_unless_it_shares_one():
    team = {"key": "third", "cache_scope": "team", "requests_per_minute": 9}
    keys = ["first", "second", team, {"key": "fourth", "cache_scope": "team"}, "team"]
    found = ring(*keys)
    names = ("first", "second", "third", "fourth", "team")
    scopes = [found.find({"x-api-key": name}).cache_scope for name in names]
    assert len(set(scopes)) == 4
    assert scopes[2] == scopes[3]
    assert not any(name in " ".join(scopes) for name in ("first", "second", "third", "fourth"))
    assert "" not in scopes  # of those without a key


def test_only_a_key_that_is_told_so_may_change_models():
    keys = ring(
        {"key": "first-key"},
        {"key": "second-key", "change_models": True},
        {"key": "third-key", "change_models": True, "requests_per_minute": 5},
    )
    named = {n: keys.find({"x-api-key": f"{n}-key"}) for n in ("first", "second", "third")}
    assert [key.change_models for key in named.values()] == [False, True, True]


class Shared:
    """Says what the processes of a fleet have together."""

    members = 3

    def __init__(self, *told):
        self.told = list(told)

    @property
    def is_available(self):
        return self.told[0] is not None

    async def ask(self, question):
        return self.told.pop(0)


async def test_what_all_have_together_counts_and_is_gone_on_with_while_it_cannot_be_asked():
    shared = Shared(Taken(0.0, 20.0), Taken(7.0, 53.0), *[None] * 9)
    keys = ring({"key": "a", "requests_per_minute": 9}, workers=5, shared=shared)
    key = keys.find({"x-api-key": "a"})
    await keys.spend(key)
    with pytest.raises(RequestError) as caught:
        await keys.spend(key)
    assert caught.value.headers == {"Retry-After": "7"}
    # A third of the limit is this process's own share, and 53 of 60 seconds are used up.
    with pytest.raises(RequestError) as caught:
        await keys.spend(key)
    assert caught.value.headers == {"Retry-After": "13"}


async def test_a_fleet_without_its_redis_gives_each_a_share_and_counts_it_later():
    shared = Shared(*[None] * 4, Taken(0.0, 20.0))
    keys = ring({"key": "a", "requests_per_minute": 9}, shared=shared)
    key = keys.find({"x-api-key": "a"})
    for _ in range(3):
        await keys.spend(key)
    with pytest.raises(RequestError):
        await keys.spend(key)
    assert key.limiter is not None
    assert key.limiter.owed == 3
    await keys.spend(key)
    assert key.limiter.owed == 0
