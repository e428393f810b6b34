"""UpstreamSettings: an entry of `upstreams:`, read by the provider that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from gearshift import registry
from gearshift.config_file.messages import nearest, problems_of, setting_error
from gearshift.config_file.model import SettingsBlock, empty_is_none
from gearshift.errors import PluginError, Problem
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.fields import (
    Headers,
    HealthPath,
    HealthSeconds,
    HttpUrl,
    Query,
    UpstreamKey,
    UpstreamName,
    plain,
)
from gearshift.tiered_routing.tier_config import ModelName


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
    """What every upstream may have; a provider's `settings` is a class below this one.

    There it gives `base_url` its usual value, adds keys of its own, and checks what belongs
    together; `options` hands the added keys on. Validating this class gives an instance of
    the named provider's.

    Attributes:
        base_url: Where it listens; with its `/v1` for `openai`.
        models: What it serves; it is asked where this is empty.
        headers: Sent with every request; an `authorization` takes the place of the key's.
        query: Added to every URL.
        health: How often it is asked how it is, and what.
    """

    name: UpstreamName
    provider: str
    base_url: HttpUrl | None = None
    api_key: UpstreamKey = SecretStr("")
    models: tuple[ModelName, ...] = ()
    headers: Headers = Field(default_factory=dict)
    query: Query = Field(default_factory=dict)
    health: HealthSettings = HealthSettings()

    _base_url_may_be_empty = field_validator("base_url", mode="before")(empty_is_none)

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_kind(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if cls is not UpstreamSettings or not isinstance(data, Mapping):
            return handler(data)
        provider = data.get("provider")
        if not isinstance(provider, str) or not _is_known(provider):
            # What else it may say nobody knows.
            return handler({key: data[key] for key in data if key in cls.model_fields})
        kind = _settings_of(provider)
        read: Any = handler if kind is UpstreamSettings else kind.model_validate
        try:
            return read(data)  # type: ignore[no-any-return]  # an instance of `kind`
        except ValidationError as error:
            raise _explained(error, kind, provider) from None

    @field_validator("provider")
    @classmethod
    def _provider_exists(cls, provider: str) -> str:
        if not _is_known(provider):
            names = registry.named("providers")
            choices = f"one of: {', '.join(names)}"
            guess = nearest(provider, names)
            raise setting_error(
                "", f"no provider {provider!r}", f"did you mean {guess!r}?" if guess else choices
            )
        return provider

    def to_config(self) -> UpstreamConfig:
        """The upstream as its provider needs it."""
        return UpstreamConfig(
            name=self.name,
            provider=self.provider,
            base_url=self.base_url or "",
            api_key=self.api_key.get_secret_value(),
            models=self.models,
            headers=plain(self.headers),
            query=plain(self.query),
            health_path=self.health.path,
            health_every_seconds=self.health.every_seconds,
            options=self.options(),
        )

    def options(self) -> Any:
        """What only this kind of provider needs, for `UpstreamConfig.options`; may be pickled."""
        return None

    def required(self, key: str, advice: str) -> PydanticCustomError:
        """What to raise where a key of this block is missing."""
        return setting_error(key, f"is required for {self.provider!r}", advice)

    def meaningless(self, key: str) -> PydanticCustomError:
        """What to raise where a key of this block says nothing to this provider."""
        return setting_error(key, f"has no meaning for {self.provider!r}", "remove it")


def _is_known(provider: str) -> bool:
    return registry.has("providers", provider)


def _settings_of(provider: str) -> type[UpstreamSettings]:
    ours = registry.PROVIDER_SETTINGS.get(provider)
    if ours is not None:
        of_ours: type[UpstreamSettings] = registry.load(ours)
        return of_ours
    try:
        kind = registry.find("providers", provider)
    except PluginError as error:
        raise setting_error("provider", str(error)) from error
    settings: type[UpstreamSettings] = getattr(kind, "settings", UpstreamSettings)
    return settings


def _explained(
    error: ValidationError, kind: type[UpstreamSettings], provider: str
) -> ValidationError:
    """The same findings, in words that know this provider's keys, for the model around it."""
    problems = [_of_another(p, provider) or p for p in problems_of(error, kind)]
    details = [
        InitErrorDetails(type=setting_error(p.key, p.message, p.suggestion), input=None)
        for p in problems
    ]
    return ValidationError.from_exception_data(kind.__name__, details)


def _of_another(problem: Problem, provider: str) -> Problem | None:
    """The problem in other words, if the unknown key is one of another provider's."""
    if problem.message != "unknown key":
        return None
    for other in registry.PROVIDERS:
        if problem.key in _settings_of(other).model_fields:
            return Problem(problem.key, f"has no meaning for {provider!r}", "remove it")
    return None
