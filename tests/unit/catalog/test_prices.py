"""The configured prices, as accounts of the log need them."""

from gearshift.catalog.prices import prices_of
from gearshift.config.loading import Settings


def row(model, cause="scored", prompt=1_000_000, cached=0, completion=0):
    return {
        "model": model,
        "cause": cause,
        "prompt_tokens": prompt,
        "cached_tokens": cached,
        "completion_tokens": completion,
        "saved_prompt_tokens": 0,
        "saved_completion_tokens": 0,
    }


def test_the_largest_models_price_is_the_baseline():
    settings = Settings.model_validate(
        {
            "prices": {
                "currency": "EUR",
                "per_million_tokens": {
                    "gemma2:2b": {"input": 1, "cached": 0.5, "output": 2},
                    "mistral:7b-instruct": {"input": 10, "output": 20},
                },
            }
        }
    )
    spent = prices_of(settings).spent([row("gemma2:2b", cached=500_000, completion=1_000_000)])
    assert spent == {
        "currency": "EUR",
        "used": 0.5 + 0.25 + 2,
        "baseline_spent": 30.0,
        "saved": 27.25,
        "saved_by_cache": 0.0,
        "saved_share": 27.25 / 30,
        "without_price": [],
    }


def test_the_largest_is_the_last_tiers_first_model_without_its_upstream():
    settings = Settings.model_validate(
        {
            "upstreams": [{"name": "cloud", "provider": "ollama", "base_url": "http://h"}],
            "tiered_routing": {
                "tiers": [
                    {"name": "a", "below": 3, "deployments": ["m"]},
                    {"name": "b", "deployments": ["cloud/big", "other"]},
                ]
            },
            "prices": {"per_million_tokens": {"big": {"input": 4, "output": 4}}},
        }
    )
    spent = prices_of(settings).spent([row("m")])
    assert spent is not None
    assert (spent["used"], spent["baseline_spent"], spent["without_price"]) == (0.0, 4.0, ["m"])


def test_without_prices_there_is_no_money():
    assert prices_of(Settings()).spent([row("m")]) is None
