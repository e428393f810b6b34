"""Prices: what a million tokens cost, and what is no price."""

import math

import pytest
from pydantic import ValidationError

from gearshift.config.sections.prices import PriceSettings, PricesSettings


def test_what_an_engine_remembered_costs_as_the_rest_unless_it_is_said():
    assert PriceSettings(input=3, output=15).each == (3.0, 3.0, 15.0)
    assert PriceSettings(input=3, cached=0.3, output=15).each == (3.0, 0.3, 15.0)
    assert PriceSettings(input=3, cached=0, output=15).each == (3.0, 0.0, 15.0)


@pytest.mark.parametrize("price", [-0.01, 1_000_001, math.inf, math.nan, True, "dear", None])
def test_what_is_no_price(price):
    with pytest.raises(ValidationError):
        PriceSettings.model_validate({"input": price, "output": 1})
    with pytest.raises(ValidationError):
        PriceSettings.model_validate({"input": 1, "output": price})


@pytest.mark.parametrize("given", [{"input": 1}, {"output": 1}, {"input": 1, "output": 1, "x": 1}])
def test_prompt_and_answer_both_have_one_and_nothing_else_has(given):
    with pytest.raises(ValidationError):
        PriceSettings.model_validate(given)


def test_money_is_written_as_the_operator_writes_it():
    assert PricesSettings().currency == "USD"
    assert PricesSettings().per_million_tokens == {}
    assert PricesSettings(currency="€").currency == "€"
    for currency in ("", "x" * 9):
        with pytest.raises(ValidationError):
            PricesSettings(currency=currency)


def test_a_model_has_a_name():
    price = {"input": 1, "output": 2}
    found = PricesSettings.model_validate({"per_million_tokens": {"m:1b": price}})
    assert found.per_million_tokens["m:1b"].each == (1.0, 1.0, 2.0)
    with pytest.raises(ValidationError):
        PricesSettings.model_validate({"per_million_tokens": {"": price}})
