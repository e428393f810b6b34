"""An embedded engine has files and no address."""

import pickle

import pytest
from pydantic import ValidationError

from gearshift.providers.embedded_settings import (
    EmbeddedOptions,
    EmbeddedSettings,
    embedded_upstream,
)

ENTRY = {"name": "e", "provider": "embedded", "model_paths": {"m": "~/m.gguf", "n": "/n.gguf"}}


def test_each_file_is_a_model_unless_some_are_named(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    options = EmbeddedOptions(model_paths={"m": "/home/me/m.gguf", "n": "/n.gguf"})
    every = EmbeddedSettings.model_validate(ENTRY).to_config()
    assert every == embedded_upstream("e", options)
    assert every.models == ("m", "n")
    assert EmbeddedSettings.model_validate({**ENTRY, "models": ["n"]}).to_config().models == ("n",)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"base_url": "http://h"}, "base_url"),
        ({"headers": {"a": "b"}}, "headers"),
        ({"query": {"a": "b"}}, "query"),
        ({"health": {"path": "/health"}}, "health.path"),
        ({"models": ["m", "x"]}, "models.1"),
        ({"model_paths": {}}, "model_paths"),
    ],
)
def test_what_says_nothing_to_an_engine_is_refused(more, key):
    with pytest.raises(ValidationError) as caught:
        EmbeddedSettings.model_validate({**ENTRY, **more})
    assert caught.value.errors()[0]["ctx"]["at"] == key


def test_other_processes_can_be_told():
    made = embedded_upstream("e", EmbeddedOptions(model_paths={"m": "f"}, threads=2))
    assert pickle.loads(pickle.dumps(made)) == made
