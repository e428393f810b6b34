"""Which upstreams are used when none is configured, and what people are told of it."""

import pytest
from tests.fakes.upstream import FaultUpstream

from gearshift.catalog import discovery
from gearshift.catalog.discovery import discover, ollama_upstream
from gearshift.config.loading import Settings

NOBODY = {"OLLAMA_HOST": "127.0.0.1:9"}


@pytest.fixture
def demo(monkeypatch, tmp_path):
    """Demo models are not made."""
    monkeypatch.setattr(discovery, "require", lambda *_: None)
    monkeypatch.setattr(
        discovery, "demo_models", lambda models: {tier: tmp_path / tier for tier in models}
    )


async def test_what_is_configured_is_used_unasked():
    upstreams = [{"name": "o", "provider": "openai", "base_url": "http://127.0.0.1:9/v1"}]
    settings = Settings.model_validate({"upstreams": upstreams})
    found = await discover(settings, environ=NOBODY, model_paths={"m": "a.gguf"})
    assert found.upstreams == settings.upstream_configs()
    assert found.notices == ()


@pytest.mark.parametrize(
    ("models", "missing"),
    [
        (("gemma2:2b", "mistral:7b-instruct"), []),
        (("gemma2:2b",), ["mistral:7b-instruct"]),
        ((), ["gemma2:2b", "mistral:7b-instruct"]),
    ],
)
async def test_an_ollama_that_answers_is_used_and_what_it_lacks_is_said(models, missing):
    async with FaultUpstream(models=models) as fake:
        found = await discover(
            Settings(), environ={"OLLAMA_HOST": fake.url}, model_paths={"m": "a.gguf"}
        )
        (upstream,) = found.upstreams
        assert (upstream.provider, upstream.base_url) == ("ollama", fake.url)
    assert [notice.rpartition("ollama pull ")[2] for notice in found.notices] == missing


async def test_a_name_without_a_tag_is_there_as_its_latest():
    models = {"models": {"simple": "gemma2", "complex": "gemma2"}}
    settings = Settings.model_validate({"tiered_routing": models})
    async with FaultUpstream(models=("gemma2:latest",)) as fake:
        assert (await discover(settings, environ={"OLLAMA_HOST": fake.url})).notices == ()


async def test_without_an_ollama_the_given_files_are_used(demo):
    found = await discover(Settings(), environ=NOBODY, model_paths={"m": "a.gguf"})
    (upstream,) = found.upstreams
    assert (upstream.provider, upstream.options.model_paths) == ("embedded", {"m": "a.gguf"})
    assert not upstream.options.are_stand_ins


async def test_and_without_those_the_demo_which_says_what_it_is(demo):
    found = await discover(Settings(), environ=NOBODY)
    (upstream,) = found.upstreams
    assert set(upstream.options.model_paths) == {"gemma2:2b", "mistral:7b-instruct"}
    assert upstream.options.are_stand_ins
    (notice,) = found.notices
    assert "no Ollama at http://127.0.0.1:9" in notice
    assert "ollama pull gemma2:2b; ollama pull mistral:7b-instruct" in notice


async def test_the_demo_can_be_wanted_whatever_there_is(demo):
    upstreams = [{"name": "o", "provider": "openai", "base_url": "http://127.0.0.1:9/v1"}]
    settings = Settings.model_validate({"upstreams": upstreams})
    found = await discover(settings, environ=NOBODY, demo=True)
    assert found.upstreams[0].options.are_stand_ins


def test_an_ollama_is_where_its_clients_look_for_it():
    assert ollama_upstream({}).base_url == "http://127.0.0.1:11434"
    assert ollama_upstream({"OLLAMA_HOST": "gpu:9000"}).base_url == "http://gpu:9000"
