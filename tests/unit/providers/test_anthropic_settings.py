"""An Anthropic upstream has a usual address, and a limit for clients that name none."""

import pytest
from pydantic import ValidationError

from gearshift.providers.anthropic_settings import AnthropicOptions, AnthropicSettings
from gearshift.providers.settings import UpstreamSettings

ENTRY = {"name": "a", "provider": "anthropic"}


@pytest.mark.parametrize("given", [{}, {"base_url": ""}, {"base_url": None}])
def test_without_an_address_it_is_anthropics_own(given):
    made = UpstreamSettings.model_validate({**ENTRY, **given})
    assert isinstance(made, AnthropicSettings)
    assert made.to_config().base_url == "https://api.anthropic.com"


def test_the_limit_reaches_the_provider():
    assert AnthropicSettings.model_validate(ENTRY).to_config().options == AnthropicOptions(8_192)
    made = AnthropicSettings.model_validate({**ENTRY, "max_tokens": 64_000})
    assert made.to_config().options == AnthropicOptions(64_000)


@pytest.mark.parametrize("limit", [0, -1, True, "many", 1.5])
def test_a_limit_is_a_number_of_tokens(limit):
    with pytest.raises(ValidationError):
        AnthropicSettings.model_validate({**ENTRY, "max_tokens": limit})
