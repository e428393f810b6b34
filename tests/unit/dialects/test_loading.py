"""Dialects are made by the names that they are registered under, guests among them."""

from types import SimpleNamespace

import pytest
from tests.fakes.echo_dialect import EchoDialect

from gearshift import registry
from gearshift.dialects.loading import client_dialect, client_dialects, upstream_dialects
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


def test_one_is_made_by_its_name():
    assert client_dialect("ollama").name == "ollama"
    with pytest.raises(LookupError, match="nobody"):
        client_dialect("nobody")


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


def Broken():  # noqa: N802 - stands for a class
    raise RuntimeError("no acme today")


class Ours(Guest):
    def __init__(self):
        super().__init__("ours")


@pytest.fixture
def offered(monkeypatch):
    """Guests by name, which installed packages offer beside one dialect of ours."""
    kinds = {}

    def offers(group):
        dist = SimpleNamespace(name="acme-plugin", version="1.2")
        return {
            name: (
                SimpleNamespace(
                    name=name, group="gearshift.dialects", dist=dist, load=lambda kind=kind: kind
                ),
            )
            for name, kind in kinds.items()
            if group == "client_dialects"
        }

    ours = {"ours": f"{__name__}:Ours"}
    monkeypatch.setitem(registry.GROUPS, "client_dialects", ours)
    monkeypatch.setattr(registry, "CLIENT_DIALECTS", ours)
    monkeypatch.setattr(registry, "guests", offers)
    return kinds


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("broken", Broken, "RuntimeError: no acme today"),
        ("guest", Unfinished, "but has no api, "),
        ("other", Guest, "its 'name' is 'guest'"),
        ("Strange name", Strange, "must be 1 to 20"),
    ],
)
def test_a_broken_guest_is_told_and_left_out(offered, caplog, name, kind, told):
    offered |= {name: kind, "acme": Acme}
    assert list(client_dialects()) == ["ours", "acme"]
    assert f"{name!r} in gearshift.dialects of acme-plugin 1.2 is left out: " in caplog.text
    assert told in caplog.text


def test_one_of_ours_that_is_broken_is_an_error(offered, monkeypatch):
    monkeypatch.setitem(registry.CLIENT_DIALECTS, "broken", f"{__name__}:Broken")
    with pytest.raises(RuntimeError, match="no acme today"):
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
