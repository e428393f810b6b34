"""The `prices:` block of the settings: what tokens cost in money."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from gearshift.config_file.model import SettingsModel, reject_bool
from gearshift.tiered_routing.tier_config import ModelName

_Price = Annotated[float, BeforeValidator(reject_bool), Field(ge=0, le=1e6, allow_inf_nan=False)]


class PriceSettings(SettingsModel):
    """What a million tokens of a model cost.

    Attributes:
        input: Of the prompt.
        cached: Of the part of the prompt that the engine remembered; none: as `input`.
        output: Of the answer.
    """

    input: _Price
    output: _Price
    cached: _Price | None = None

    @property
    def each(self) -> tuple[float, float, float]:
        """Of the prompt, of its cached part, of the answer."""
        return self.input, self.input if self.cached is None else self.cached, self.output


class PricesSettings(SettingsModel):
    """Prices by model; a model without one is counted as free, and named.

    Attributes:
        currency: How money is written.
        per_million_tokens: The price of each model.
    """

    currency: Annotated[str, StringConstraints(min_length=1, max_length=8)] = "USD"
    per_million_tokens: dict[ModelName, PriceSettings] = Field(default_factory=dict)
