"""`gearshift pull`: only what is missing is fetched, and what cannot be is said."""

import json

import pytest
from click.testing import CliRunner
from tests.fakes import provider as fake

from gearshift import registry
from gearshift.cli.pull import command
from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.providers.base import PullProgress
from gearshift.types import ModelInfo, UpstreamState


class Pulling(fake.EchoProvider):
    """Has what was pulled from it."""

    has: list[str]
    pulled: list[str]
    is_there = True

    async def probe(self):
        infos = tuple(ModelInfo(name) for name in self.has)
        return UpstreamState(is_reachable=self.is_there, models=infos)

    def pull_command(self, model):
        return f"fetch {model}"

    async def pull(self, model):
        for done in (0, 5, 10):
            yield PullProgress("downloading", done, 10)
        self.pulled.append(model)


def registered(monkeypatch, kind):
    load = registry.load
    monkeypatch.setitem(registry.PROVIDERS, "ollama", "mine")
    monkeypatch.setattr(registry, "load", lambda target: kind if target == "mine" else load(target))


@pytest.fixture
def upstream(monkeypatch):
    """What the upstream has, what was pulled, whether it can be reached."""
    kind = type("Kind", (Pulling,), {"has": [], "pulled": []})
    registered(monkeypatch, kind)
    return kind


@pytest.fixture
def pull(tmp_path):
    file = tmp_path / "x.yaml"
    upstream = '{name: here, provider: ollama, base_url: "http://127.0.0.1:9"}'

    def run(*arguments, more=""):
        file.write_text(f"upstreams: [{upstream}]\n{more}")
        asked = ["--config", str(file), *arguments]
        result = CliRunner().invoke(command, asked, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    return run


def test_what_is_missing_is_pulled(upstream, pull):
    upstream.has = ["gemma2:2b"]
    assert pull().stdout == "pulled mistral:7b-instruct\n"
    assert upstream.pulled == ["mistral:7b-instruct"]


def test_what_is_there_is_not(upstream, pull):
    upstream.has = ["gemma2:2b", "mistral:7b-instruct"]
    assert pull().stdout == "every tier's model is already present\n"
    assert upstream.pulled == []


def test_what_cannot_be_pulled_is_named(upstream, pull, monkeypatch):
    async def failing(self, model):
        yield PullProgress("pulling manifest")
        raise UpstreamError("pull model manifest: file does not exist", fault=FailureKind.FAILED)

    monkeypatch.setattr(upstream, "pull", failing)
    with pytest.raises(GearshiftError, match=r"cannot pull gemma2:2b: pull model manifest: file"):
        pull()


def test_facts_for_programs(upstream, pull):
    found = json.loads(pull("--json").stdout)
    assert found == {"pulled": ["gemma2:2b", "mistral:7b-instruct"]}


def test_nobody_to_ask_is_said_with_what_to_do(upstream, pull):
    upstream.is_there = False
    with pytest.raises(GearshiftError, match=r"cannot reach here; start it and try again"):
        pull()


def test_the_command_that_starts_the_server_is_named_if_its_provider_knows_one(upstream, pull):
    upstream.is_there = False
    upstream.start_command = "serve-models --now"
    with pytest.raises(GearshiftError, match=r"start it \(`serve-models --now`\) and try again"):
        pull()


def test_an_upstream_that_cannot_pull_is_said_with_what_to_do(monkeypatch, pull):
    class Fixed(fake.EchoProvider):
        async def probe(self):
            return UpstreamState(is_reachable=True)

    registered(monkeypatch, Fixed)
    with pytest.raises(GearshiftError, match="here cannot pull models; add gemma2:2b there"):
        pull()


def test_the_model_for_embeddings_is_pulled_too(upstream, pull):
    upstream.has = ["gemma2:2b", "mistral:7b-instruct"]
    assert pull(more="embeddings: {model: nomic-embed-text}").stdout == "pulled nomic-embed-text\n"
