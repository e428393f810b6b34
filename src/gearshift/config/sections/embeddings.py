"""The `embeddings:` block of the settings: who answers requests that name no model."""

from __future__ import annotations

from pydantic import field_validator

from gearshift.config_file.model import SettingsBlock, empty_is_none
from gearshift.tiered_routing.tier_config import ModelName


class EmbeddingsSettings(SettingsBlock):
    """Embeddings.

    Attributes:
        model: Who answers `auto`: a model's name, or `upstream/model`; `None`: nobody does.
    """

    model: ModelName | None = None

    _may_be_empty = field_validator("model", mode="before")(empty_is_none)
