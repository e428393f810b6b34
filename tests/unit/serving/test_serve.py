"""What is said and allowed before a gateway runs; how it runs: tests/e2e/test_serve_function.py."""

import resource

from gearshift.config.loading import Settings
from gearshift.serving import serve


def settings(**blocks):
    return Settings.model_validate(blocks)


def test_a_gateway_that_others_reach_without_keys_is_warned_of():
    keys = settings(auth={"api_keys": ["a-key-of-some-length"]})
    assert serve._warnings("127.0.0.1", settings()) == []
    (line,) = serve._warnings("0.0.0.0", settings())
    assert line == (
        "0.0.0.0 is reachable from other machines, and without auth.api_keys anybody can use the "
        "gateway; `gearshift key` creates a key"
    )
    assert serve._warnings("0.0.0.0", keys) == []


def test_settings_that_do_nothing_and_weak_keys_are_warned_of():
    given = settings(cache={"redis_url": "redis://r"}, auth={"api_keys": ["short"]})
    first, second = serve._warnings("127.0.0.1", given)
    assert first.startswith("cache.redis_url: ")
    assert second.startswith("auth.api_keys.0: ")
    assert "short" not in second.replace("shorter", "")


def test_as_many_files_may_be_open_as_the_machine_permits(monkeypatch):
    asked = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: asked.append(limits))
    serve._allow_many_files()
    assert asked == [(4096, 4096)]

    def refuse(kind, limits):
        raise ValueError("not permitted")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    serve._allow_many_files()
