"""An Ollama is where its own clients would look for it."""

import pytest

from gearshift.providers.ollama_settings import OllamaSettings, ollama_base_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("  ", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("gpu", "http://gpu:11434"),
        ("gpu:9000/", "http://gpu:9000"),
        ("http://gpu", "http://gpu:80"),
        ("https://gpu", "https://gpu:443"),
        ("http://gpu:1234/ollama", "http://gpu:1234/ollama"),
        ("::1", "http://[::1]:11434"),
        ("'gpu:9000'", "http://gpu:9000"),
        ("[::1]:1234", "http://[::1]:1234"),
        (":1234", "http://127.0.0.1:1234"),
        ("gpu:notaport", "http://gpu:11434"),
    ],
)
def test_the_address_follows_ollamas_own_rules(host, url):
    assert ollama_base_url(host) == url


@pytest.mark.parametrize("given", [{}, {"base_url": ""}, {"base_url": None}])
def test_without_an_address_it_is_at_the_usual_one(given):
    made = OllamaSettings.model_validate({"name": "o", "provider": "ollama", **given})
    assert made.to_config().base_url == "http://127.0.0.1:11434"
