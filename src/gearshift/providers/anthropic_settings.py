"""AnthropicSettings: Anthropic's API, or a server that speaks as it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, field_validator

from gearshift.config_file.model import reject_bool
from gearshift.dialects.anthropic.thinking import DEFAULT_MAX_TOKENS
from gearshift.providers.fields import HttpUrl
from gearshift.providers.settings import UpstreamSettings

USUAL_ADDRESS: Final = "https://api.anthropic.com"


@dataclass(frozen=True, slots=True)
class AnthropicOptions:
    """What an Anthropic upstream needs beside its address.

    Attributes:
        max_tokens: The limit of an answer for clients that name none.
    """

    max_tokens: int = DEFAULT_MAX_TOKENS


class AnthropicSettings(UpstreamSettings):
    """An upstream whose usual address is Anthropic's own.

    Attributes:
        base_url: With or without its `/v1`.
        max_tokens: The limit of an answer for clients that name none: Anthropic wants one in each
            request, and thoughts come on top of it.
    """

    base_url: HttpUrl | None = USUAL_ADDRESS
    max_tokens: Annotated[int, BeforeValidator(reject_bool), Field(ge=1, le=1_000_000)] = (
        DEFAULT_MAX_TOKENS
    )

    @field_validator("base_url", mode="after")
    @classmethod
    def _is_at_its_usual_address(cls, base_url: str | None) -> str:
        return base_url or USUAL_ADDRESS

    def options(self) -> AnthropicOptions:
        """The limit."""
        return AnthropicOptions(self.max_tokens)
