"""What is wrong with a setting is said in plain words, with the nearest key and without secrets."""

import pytest
from pydantic import ValidationError

from gearshift.config.loading import Settings
from gearshift.config_file.messages import nearest, problems_of, redacted

URL = "http://me:hush@gpu:8000/v1"


def problems(**blocks):
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(blocks)
    return problems_of(caught.value, Settings)


@pytest.mark.parametrize(
    ("blocks", "key", "message", "advice"),
    [
        ({"limits": {"max_que": 1}}, "limits.max_que", "unknown key", "'max_queue'"),
        ({"limit": {}}, "limit", "unknown key", "'limits'"),
        ({"hedging": {"zzz": 1}}, "hedging.zzz", "unknown key", "enabled"),
        ({"limits": {"max_queue": "x"}}, "limits.max_queue", "whole number", ""),
        ({"limits": {"max_queue": 1.5}}, "limits.max_queue", "whole number", ""),
        ({"limits": {"max_headers": -1}}, "limits.max_headers", "must be", ""),
        ({"limits": {"max_queue": None}}, "limits.max_queue", "got nothing", ""),
        ({"limits": 7}, "limits", "mapping", ""),
        ({"hedging": {"enabled": "perhaps"}}, "hedging.enabled", "true or false", ""),
        ({"upstreams": [{"name": "u"}]}, "upstreams.0.provider", "is required", ""),
        (
            {"upstreams": [{"name": 7, "provider": "ollama"}]},
            "upstreams.0.name",
            "string",
            "quotes",
        ),
    ],
)
def test_each_mistake_has_its_key_and_advice(blocks, key, message, advice):
    found = {problem.key: problem for problem in problems(**blocks)}
    assert message in found[key].message
    assert advice in found[key].suggestion


def test_every_mistake_is_named_not_only_the_first():
    keys = {p.key for p in problems(limits={"max_queue": "x"}, hedging={"percentile": "y"})}
    assert keys == {"limits.max_queue", "hedging.percentile"}


def test_what_was_given_is_quoted_up_to_a_length():
    (problem,) = problems(limits={"max_queue": "x" * 1000})
    assert "got 'xxx" in problem.message
    assert len(problem.message) < 150


@pytest.mark.parametrize(
    "blocks",
    [
        {"admin": {"token": ["hush"]}},
        {"auth": {"api_keys": [{"key": ["hush"]}]}},
        {"upstreams": [{"name": "u", "provider": "openai", "api_key": ["hush"]}]},
        {"upstreams": [{"name": "u", "provider": "openai", "base_url": URL + " x"}]},
        {"upstreams": [{"name": "u", "provider": "openai", "base_url": [URL]}]},
    ],
)
def test_secrets_are_never_quoted(blocks):
    assert "hush" not in " ".join(map(str, problems(**blocks)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (URL, "http://***@gpu:8000/v1"),
        ("see http://a:b@c and https://d@e", "see http://***@c and https://***@e"),
        ("http://gpu/@x", "http://gpu/@x"),
        ("me@example.com", "me@example.com"),
    ],
)
def test_urls_lose_user_and_password(text, expected):
    assert redacted(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Max-Queue", "max_queue"), ("maxqueue", "max_queue"), ("zebra", None), ("", None)],
)
def test_the_nearest_key_is_found_whatever_its_case_and_hyphens(word, expected):
    assert nearest(word, ["max_queue", "max_headers"]) == expected
