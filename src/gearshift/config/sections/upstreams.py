"""The settings of upstreams: where they are, with what key, and how their health is looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from gearshift.config.sections.access import Secret, empty_is_none
from gearshift.config_file.messages import fault, nearest, redacted
from gearshift.providers.base import UpstreamConfig
from gearshift.registry import PROVIDERS
from gearshift.tiered_routing.tier_config import ModelName, SettingsModel, reject_bool

OLLAMA_URL: Final = "http://127.0.0.1:11434"
_NOT_YET: Final = ("anthropic",)
# Blanks, byte order marks and marks of width and direction, which nobody sees; `Bearer` is ours.
_AROUND: Final = re.compile(
    "^[\\s\ufeff\u200b-\u200f]*(?:(?:authorization:\\s*)?bearer\\s+)?|[\\s\ufeff\u200b-\u200f]+$",
    re.IGNORECASE,
)


def _http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_valid = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_valid:
        raise fault("", f"{redacted(text)!r} is not a URL", "such as http://127.0.0.1:11434")
    if parts.query or parts.fragment or any(character.isspace() for character in text):
        raise fault("", f"{redacted(text)!r} must end with its path", "such as …/v1")
    return text.rstrip("/")


def _bare(text: str) -> str:
    """A key without marks of files, quotes that a shell would have taken, and its scheme."""
    text = _AROUND.sub("", text)
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return _AROUND.sub("", text[1:-1]) if is_quoted else text


def _sendable(key: SecretStr) -> SecretStr:
    """A key as a header can carry it, without what files and variables like to put around it."""
    text = _bare(key.get_secret_value())
    if not (text.isascii() and text.isprintable()):
        raise fault("", "holds characters that a header cannot carry", "use ASCII, in one line")
    return SecretStr(text)


Redacted: Final = PlainSerializer(redacted, return_type=str, when_used="json-unless-none")
HttpUrl = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_http_url)]
UpstreamName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
UpstreamKey = Annotated[Secret, AfterValidator(_sendable)]
HealthPath = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^/[!-~]*$")]
HealthSeconds = Annotated[float, BeforeValidator(reject_bool), Field(ge=1, le=86_400)]


class SettingsBlock(SettingsModel):
    """A block that may hold URLs with passwords in them."""

    def __repr_args__(self) -> Any:
        """Fields for `repr`, without the passwords that URLs may carry."""
        for name, value in super().__repr_args__():
            yield name, redacted(value) if isinstance(value, str) else value


class HealthSettings(SettingsBlock):
    """How an upstream's health is looked at.

    Attributes:
        path: What is asked, without the key, below what `base_url` has before its `/v1`; `None`:
            what this kind of server is known to have, never what could cost a completion.
        every_seconds: How often, while all is well.
    """

    path: HealthPath | None = None
    every_seconds: HealthSeconds = 5.0

    _may_be_empty = field_validator("path", mode="before")(empty_is_none)


class UpstreamSettings(SettingsBlock):
    """One upstream.

    Attributes:
        base_url: Where it listens; with its `/v1` for `openai`.
        models: What it serves; it is asked where this is empty.
        health: How often it is asked how it is, and what.
        model_paths: `embedded` only: the GGUF file of each model name.
    """

    name: UpstreamName
    provider: str
    base_url: Annotated[HttpUrl, Redacted] | None = None
    api_key: UpstreamKey = SecretStr("")
    models: tuple[ModelName, ...] = ()
    health: HealthSettings = HealthSettings()
    model_paths: dict[ModelName, ModelName] = Field(default_factory=dict)

    _base_url_may_be_empty = field_validator("base_url", mode="before")(empty_is_none)

    @field_validator("provider")
    @classmethod
    def _provider_exists(cls, provider: str) -> str:
        if provider in _NOT_YET:
            advice = f"one of: {', '.join(PROVIDERS)}"
            raise fault("", f"{provider!r} is not available yet in this version", advice)
        if provider not in PROVIDERS:
            guess = nearest(provider, list(PROVIDERS))
            advice = f"did you mean {guess!r}?" if guess else f"one of: {', '.join(PROVIDERS)}"
            raise fault("", f"no provider {provider!r}", advice)
        return provider

    @model_validator(mode="before")
    @classmethod
    def _ollama_has_a_usual_address(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("provider") == "ollama":
            return {**data, "base_url": data.get("base_url") or OLLAMA_URL}
        return data

    @model_validator(mode="after")
    def _fits_its_provider(self) -> Self:
        if self.provider == "openai" and self.base_url is None:
            raise fault("base_url", "is required for 'openai'", "such as http://127.0.0.1:8000/v1")
        if self.provider == "embedded":
            self._fits_the_engine()
        elif self.model_paths:
            raise fault("model_paths", f"has no meaning for {self.provider!r}", "remove it")
        return self

    def _fits_the_engine(self) -> None:
        if not self.model_paths:
            raise fault("model_paths", "is required for 'embedded'", "{name: file.gguf}")
        for index, model in enumerate(self.models):
            if model not in self.model_paths:
                raise fault(f"models.{index}", f"{model!r} has no file in model_paths")
        for key, value in (("base_url", self.base_url), ("health.path", self.health.path)):
            if value is not None:
                raise fault(key, "has no meaning for 'embedded'", "remove it")

    def to_config(self) -> UpstreamConfig:
        """The upstream as its provider needs it."""
        paths = {name: str(Path(path).expanduser()) for name, path in self.model_paths.items()}
        return UpstreamConfig(
            name=self.name,
            provider=self.provider,
            base_url=self.base_url or "",
            api_key=self.api_key.get_secret_value(),
            models=self.models,
            health_path=self.health.path,
            health_every_seconds=self.health.every_seconds,
            model_paths=paths,
        )
