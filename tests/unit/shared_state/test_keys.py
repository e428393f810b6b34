"""Names: none of them is one of the answer cache's, and each database has its channel."""

from gearshift.cache.redis import PREFIX
from gearshift.shared_state.keys import channel, key


def test_clearing_the_cache_touches_none_of_them():
    assert not key("rate", "a").startswith(PREFIX)
    assert key("rate", "a") == "gearshift-state:1:rate:a"


def test_each_database_has_a_channel_of_its_own():
    assert channel(0) != channel(1)
