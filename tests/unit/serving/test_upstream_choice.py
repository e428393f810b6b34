"""Which upstreams are used after a change of settings."""

from gearshift.config.loading import Settings
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.embedded_settings import EmbeddedOptions, embedded_upstream
from gearshift.serving.upstream_choice import UpstreamChoice

OLLAMA = UpstreamConfig("ollama", "ollama", "http://127.0.0.1:9")
NOTHING = Settings()
CONFIGURED = Settings.model_validate(
    {"upstreams": [{"name": "u", "provider": "openai", "base_url": "http://127.0.0.1:9/v1"}]}
)


async def again(new, old, running, *model_paths):
    choice = UpstreamChoice(demo=False, model_paths=model_paths)
    return (await choice.again(new, old, running)).upstreams


async def test_a_discovered_ollama_stays_even_if_it_is_down():
    assert await again(NOTHING, NOTHING, (OLLAMA,)) == (OLLAMA,)


async def test_configured_ones_replace_it():
    assert await again(CONFIGURED, NOTHING, (OLLAMA,)) == CONFIGURED.upstream_configs()


async def test_when_none_is_configured_any_more_they_are_discovered(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    (found,) = await again(NOTHING, CONFIGURED, CONFIGURED.upstream_configs(), "f.gguf")
    assert found.options.model_paths == {"gemma2:2b": "f.gguf", "mistral:7b-instruct": "f.gguf"}


async def test_files_follow_the_names_of_the_models():
    new = Settings.model_validate({"tiered_routing": {"models": {"simple": "a", "complex": "b"}}})
    running = embedded_upstream("embedded", EmbeddedOptions(model_paths={"x": "f.gguf"}))
    (found,) = await again(new, NOTHING, (running,), "f.gguf", "g.gguf")
    assert found.options.model_paths == {"a": "f.gguf", "b": "g.gguf"}
