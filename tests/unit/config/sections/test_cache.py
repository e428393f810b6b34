"""What may stand in the `cache:` block."""

import pytest
from pydantic import ValidationError

from gearshift.config.sections.cache import CacheSettings

SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"backend": "memmory"}, "no cache back end 'memmory'"),
        ({"backend": ""}, "at least 1"),
        ({"location": "/tmp"}, "has no meaning for 'memory'"),
        ({"redis_url": "http://h"}, "must start with redis://"),
        ({"redis_url": "redis://:p#w@h"}, "percent-encode"),
        ({"backend": "redis"}, "needs a location"),
        ({"backend": "redis", "location": "redis://h", "redis_url": "redis://h"}, "no redis_url"),
        ({"max_bytes": 9_999}, "10000"),
        ({"ttl_seconds": 0}, "greater than 0"),
        ({"timeout_seconds": True}, "a number is expected"),
    ],
)
def test_what_cannot_be_is_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        CacheSettings.model_validate(given)


def test_empty_is_nothing():
    assert CacheSettings(redis_url="", location="") == CacheSettings()


def test_a_location_shows_no_password(monkeypatch):
    monkeypatch.setattr("gearshift.registry.has", lambda *_: True)
    settings = CacheSettings(backend="far", location=f"far://u:{SECRET}@h")
    assert SECRET not in repr(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"ttl_seconds": 1}, True),
        ({"tool_calls": True}, True),
        ({"max_bytes": 20_000}, False),
        ({"enabled": False}, False),
        ({"redis_url": "redis://h"}, False),
    ],
)
def test_what_is_kept_stays_where_bounds_and_place_do(changed, same):
    before = CacheSettings(enabled=True)
    assert before.keeps_as(before.model_copy(update=changed)) is same
