"""URLs of a Redis: what each part says, what is refused, and that nothing secret is told."""

import pytest

from gearshift.redis.address import redis_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://h", ("h", 6379, "", False, "", "", 0)),
        ("redis://h:1/2", ("h", 1, "", False, "", "", 2)),
        ("redis://h/", ("h", 6379, "", False, "", "", 0)),
        ("redis://h?db=3", ("h", 6379, "", False, "", "", 3)),
        ("rediss://u:p@h:1", ("h", 1, "", True, "u", "p", 0)),
        ("redis://:p%40%2F@[::1]:1/0", ("::1", 1, "", False, "", "p@/", 0)),
        ("unix:///run/redis.sock", ("", 6379, "/run/redis.sock", False, "", "", 0)),
        ("unix://u:p@/a%20b?db=4", ("", 6379, "/a b", False, "u", "p", 4)),
    ],
)
def test_every_part_is_read(url, address):
    assert redis_address(url) == address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://h", "must start with redis://"),
        ("h:6379", "must start with"),
        ("redis://", "names no host"),
        ("redis://:hunter2@", "names no host"),
        ("redis://:hunter2#@h", "percent-encode"),
        ("redis://h#", "percent-encode"),
        ("redis://:hunter2/@h", "percent-encode"),
        ("redis://h:hunter2", "invalid host or port"),
        ("redis://h:99999", "invalid host or port"),
        ("redis://h:0", "port 0"),
        ("redis://[::1", "invalid host or port"),
        ("redis://h/one", "number of a database"),
        ("redis://h/-1", "number of a database"),
        ("redis://h/1?db=2", "names the database twice"),
        ("redis://h?ssl=yes", "unknown parameter 'ssl'"),
        ("unix://h/x", "whole path"),
        ("unix:///", "whole path"),
        ("unix:///x?db=a", "number of a database"),
    ],
)
def test_what_is_no_such_url_is_refused(url, message):
    with pytest.raises(ValueError, match=message) as told:
        redis_address(url)
    assert "hunter2" not in str(told.value)


def test_only_the_place_is_shown():
    assert str(redis_address("redis://u:hunter2@h:1/2")) == "h:1"
    assert str(redis_address("redis://u:hunter2@[::1]:1/2")) == "[::1]:1"
    assert str(redis_address("unix://u:hunter2@/run/x")) == "/run/x"
