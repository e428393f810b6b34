"""OpenAISettings: an OpenAI-compatible server, of which somebody has to say where it is."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from gearshift.providers.settings import UpstreamSettings


class OpenAISettings(UpstreamSettings):
    """An upstream that has no usual address."""

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if self.base_url is None:
            raise self.required("base_url", "such as http://127.0.0.1:8000/v1")
        return self
