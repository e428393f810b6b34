"""Money: by the configured prices, against the largest model on the same tokens."""

import pytest

from gearshift.catalog.prices import prices_of
from gearshift.config.loading import Settings
from gearshift.decision_log.money import Prices

PRICES = Prices("EUR", {"big": (10.0, 5.0, 20.0), "small": (1.0, 1.0, 2.0)}, "big")


def spent(*rows, prices=PRICES):
    found = prices.spent(rows)
    assert found is not None
    return found


def hours(
    model, cause="scored", prompt=1_000_000, cached=200_000, completion=500_000, saved=(0, 0)
):
    return {
        "saved_prompt_tokens": saved[0],
        "saved_completion_tokens": saved[1],
        "model": model,
        "cause": cause,
        "prompt_tokens": prompt,
        "cached_tokens": cached,
        "completion_tokens": completion,
    }


def test_the_same_tokens_on_the_largest_model_are_the_baseline():
    found = spent(hours("small"))
    assert found["used"] == pytest.approx(0.8 + 0.2 + 1.0)
    assert found["baseline_spent"] == pytest.approx(8 + 1 + 10)
    assert found["saved_share"] == pytest.approx(17 / 19)
    assert found["currency"] == "EUR"


def test_a_choice_of_the_client_saves_nothing_and_shadows_only_cost():
    forced = spent(hours("small", "forced"))
    assert forced["saved"] == 0
    with_shadow = spent(hours("small"), hours("big", "shadow"))
    assert with_shadow["used"] == pytest.approx(2 + 19)
    assert with_shadow["saved_share"] < 0


def test_a_model_without_a_price_is_named():
    assert spent(hours("local"))["without_price"] == ["local"]


def test_without_prices_there_is_no_money():
    assert prices_of(Settings()).spent([hours("small")]) is None


def test_prices_come_from_the_settings():
    said = {"prices": {"currency": "EUR", "per_million_tokens": {"m": {"input": 3, "output": 4}}}}
    found = spent(hours("m"), prices=prices_of(Settings.model_validate(said)))
    assert found["used"] == pytest.approx(3 + 2)


@pytest.mark.parametrize("price", [{"input": -1, "output": 1}, {"input": 1}, {"input": True}])
def test_a_wrong_price_is_refused(price):
    with pytest.raises(ValueError, match=r"prices\.per_million_tokens\.m"):
        Settings.model_validate({"prices": {"per_million_tokens": {"m": price}}})


def test_what_the_cache_answered_is_neither_spent_nor_part_of_the_baseline():
    found = spent(hours("small", prompt=0, cached=0, completion=0, saved=(1_000_000, 500_000)))
    assert (found["used"], found["baseline_spent"]) == (0.0, 0.0)
    assert found["saved_by_cache"] == pytest.approx(1.0 + 1.0)
