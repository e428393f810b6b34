"""What an upstream is called by processes that can reach the same server, and by no others."""

from typing import Any

import pytest

from gearshift.pipeline import upstream_identity
from gearshift.pipeline.upstream_identity import identity_of, shared_identities
from gearshift.providers.base import UpstreamConfig


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.setattr(upstream_identity, "_here", lambda: "-here")


def upstream(url="http://gpu:8000/v1", name="u", **more):
    return UpstreamConfig(name, "openai", url, **more)


def identity(url):
    provider: Any = object()
    return shared_identities([upstream(url)], {"u": provider})["u"]


def test_its_name_and_how_it_is_probed_do_not_count():
    assert identity_of(upstream()) == identity_of(upstream(name="v", health_path="/h"))


@pytest.mark.parametrize(
    "other",
    [
        upstream("http://gpu:8001/v1"),
        upstream(api_key="k"),
        upstream(headers={"a": "b"}),
        upstream(query={"a": "b"}),
    ],
)
def test_whatever_an_answer_depends_on_does(other):
    assert identity_of(upstream()) != identity_of(other)


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://gpu:8000/v1", False),
        ("http://10.0.0.7/v1", False),
        ("https://api.example.com/v1", False),
        ("http://localhost:11434", True),
        ("http://LOCALHOST.:11434", True),
        ("http://ollama.localhost", True),
        ("http://127.0.0.1:11434", True),
        ("http://[::1]:11434", True),
        ("http://0.0.0.0:11434", True),
        ("http://169.254.1.1", True),
        ("http://[fe80::1%X]:11434", True),
        ("http://host.docker.internal:11434", True),
        ("http://localhost.example.com", False),
    ],
)
def test_an_address_of_this_machine_is_another_one_elsewhere(url, is_here):
    assert identity(url).endswith("-here") == is_here


def test_an_address_that_is_the_same_everywhere_has_nothing_added():
    assert identity("http://gpu:8000/v1") == identity_of(upstream())


def test_this_machine_has_a_name(monkeypatch):
    monkeypatch.undo()
    assert len(upstream_identity._here()) == 13


class Engines:
    """Runs engines of its own."""

    @property
    def shared_config(self):
        return upstream()


def test_engines_of_this_process_are_nobody_elses():
    engines: Any = Engines()
    assert shared_identities([upstream()], {"u": engines}) == {}
