"""Dialects are made by the names that they are registered under, guests among them."""

from types import SimpleNamespace

import pytest
from tests.fakes.echo_dialect import EchoDialect

from gearshift import registry
from gearshift.dialects.loading import client_dialects, upstream_dialects
from gearshift.errors import PluginError


class Guest(EchoDialect):
    def __init__(self, name="guest"):
        self.name = name


class Unfinished:
    name = "guest"

    def parse(self, operation, raw):
        raise NotImplementedError


class Acme(Guest):
    def __init__(self):
        super().__init__("acme")


class Strange(Guest):
    def __init__(self):
        super().__init__("Strange name")


def test_those_of_the_registry_are_made():
    assert list(client_dialects()) == list(registry.CLIENT_DIALECTS)
    assert list(upstream_dialects(["ollama", "nobody"])) == ["ollama"]


def test_a_guest_is_one_of_them(monkeypatch):
    monkeypatch.setitem(registry.CLIENT_DIALECTS, "guest", f"{__name__}:Guest")
    assert isinstance(client_dialects()["guest"], Guest)
    assert upstream_dialects(["guest"]) == {}


@pytest.mark.parametrize(
    ("name", "target", "told"),
    [
        ("other", "Guest", "registered as dialect 'other', but its 'name' is 'guest'"),
        ("guest", "Unfinished", "but has no api, content_type, .*write_stream_error; see"),
        ("Strange name", "Strange", "dialect name 'Strange name': must be 1 to 20 of"),
        ("g" * 21, "Guest", "must be 1 to 20"),
        ("", "Guest", "must be 1 to 20"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_in_words(monkeypatch, name, target, told):
    monkeypatch.setitem(registry.CLIENT_DIALECTS, name, f"{__name__}:{target}")
    with pytest.raises(PluginError, match=told):
        client_dialects()


def test_those_of_installed_packages_follow(monkeypatch):
    def entry_points(group):
        both = {"gearshift.dialects": "acme", "gearshift.upstream_dialects": "ollama"}
        dist = SimpleNamespace(name="acme-plugin", version="1.2")
        offer = SimpleNamespace(name=both.get(group), group=group, dist=dist, load=lambda: Acme)
        return [offer] if group in both else []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    monkeypatch.setattr(registry, "guests", registry.guests.__wrapped__)
    assert list(client_dialects()) == [*registry.CLIENT_DIALECTS, "acme"]
    assert isinstance(client_dialects()["acme"], Acme)
    assert not isinstance(upstream_dialects(["ollama"])["ollama"], Acme)  # ours stay ours
