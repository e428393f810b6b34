"""An OpenAI-compatible server has no usual address."""

import pytest
from pydantic import ValidationError

from gearshift.providers.openai_settings import OpenAISettings

ENTRY = {"name": "o", "provider": "openai"}


@pytest.mark.parametrize("given", [{}, {"base_url": ""}, {"base_url": None}])
def test_an_address_is_required(given):
    with pytest.raises(ValidationError) as caught:
        OpenAISettings.model_validate({**ENTRY, **given})
    (error,) = caught.value.errors()
    assert (error["ctx"]["at"], error["msg"]) == ("base_url", "is required for 'openai'")


def test_an_address_is_taken():
    made = OpenAISettings.model_validate({**ENTRY, "base_url": "http://h/v1/"})
    assert made.to_config().base_url == "http://h/v1"
