"""What clients may say of the cache, and which decisions it has no part in."""

import pytest
from tests.fakes.finished import decision

from gearshift.pipeline.cache_control import NO_CACHE, NO_STORE, is_compared, wish_of
from gearshift.types import ChatRequest, Operation


@pytest.mark.parametrize(
    ("own", "header", "wish"),
    [
        ("", None, ""),
        ("", "max-age=60", ""),
        ("", "max-age = 0", NO_CACHE),
        ("", "No-Cache, x", NO_CACHE),
        ("", "no-cache, no-store", NO_STORE),
        ("no-cache", None, NO_CACHE),
        ("no-store", "no-cache", NO_STORE),
        ("nocache", None, NO_STORE),
    ],
)
def test_what_headers_say(own, header, wish):
    headers = {} if header is None else {"cache-control": header}
    request = ChatRequest("openai", Operation.CHAT, "auto", [], headers=headers, cache_control=own)
    assert wish_of(request) == wish


@pytest.mark.parametrize(
    ("changes", "compared"),
    [
        ({}, False),
        ({"propensity": 0.5}, True),
        ({"arms": "a:x"}, True),
        ({"sample_rate": 0.0}, True),
    ],
)
def test_where_chance_has_a_say_answers_are_compared(changes, compared):
    assert is_compared(decision(**changes)) is compared
