"""The settings, validated and frozen: one block each; see `config/ssot_config.yaml`."""

from __future__ import annotations

import hashlib
import json
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

from gearshift.config_errors import fault, nearest, redacted
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.registry import PROVIDERS
from gearshift.settings_access import (
    AdminSettings,
    AuthSettings,
    Secret,
    TlsSettings,
    empty_is_none,
)
from gearshift.settings_browsers import AccessSettings
from gearshift.settings_prices import PricesSettings
from gearshift.settings_quality import QualitySettings
from gearshift.settings_telemetry import OpenTelemetrySettings
from gearshift.settings_values import Count, CountOrNone, Seconds, Share
from gearshift.tiered_routing.tier_config import Block, ModelName, TierConfig, no_boolean

OLLAMA_URL: Final = "http://127.0.0.1:11434"
_NOT_YET: Final = ("anthropic",)


def _http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_valid = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_valid:
        raise fault("", f"{redacted(text)!r} is no URL", "such as http://127.0.0.1:11434")
    if parts.query or parts.fragment or any(character.isspace() for character in text):
        raise fault("", f"{redacted(text)!r} must end with its path", "such as …/v1")
    return text.rstrip("/")


def _scheme(*schemes: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise fault("", f"must start with {' or '.join(f'{s}://' for s in schemes)}")
        return text

    return AfterValidator(check)


_Redacted: Final = PlainSerializer(redacted, return_type=str, when_used="json-unless-none")
HttpUrl = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_http_url)]
RedisUrl = Annotated[str, _scheme("redis", "rediss", "unix"), _Redacted]
LogUrl = Annotated[str, _scheme("sqlite", "postgresql", "postgres"), _Redacted]
UpstreamName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class _SettingsBlock(Block):
    def __repr_args__(self) -> Any:
        """Fields for `repr`, without the passwords that URLs may carry."""
        for name, value in super().__repr_args__():
            yield name, redacted(value) if isinstance(value, str) else value


class UpstreamSettings(_SettingsBlock):
    """One upstream.

    Attributes:
        base_url: Where it listens; with its `/v1` for `openai`.
        models: What it serves; it is asked where this is empty.
        model_paths: `embedded` only: the GGUF file of each model name.
    """

    name: UpstreamName
    provider: str
    base_url: Annotated[HttpUrl, _Redacted] | None = None
    api_key: Secret = SecretStr("")
    models: tuple[ModelName, ...] = ()
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
            if not self.model_paths:
                raise fault("model_paths", "is required for 'embedded'", "{name: file.gguf}")
            for index, model in enumerate(self.models):
                if model not in self.model_paths:
                    raise fault(f"models.{index}", f"{model!r} has no file in model_paths")
            if self.base_url is not None:
                raise fault("base_url", "has no meaning for 'embedded'", "remove it")
        elif self.model_paths:
            raise fault("model_paths", f"has no meaning for {self.provider!r}", "remove it")
        return self

    def to_config(self) -> UpstreamConfig:
        """The upstream as its provider needs it."""
        paths = {name: str(Path(path).expanduser()) for name, path in self.model_paths.items()}
        return UpstreamConfig(
            name=self.name,
            provider=self.provider,
            base_url=self.base_url or "",
            api_key=self.api_key.get_secret_value(),
            models=self.models,
            model_paths=paths,
        )


class LimitSettings(_SettingsBlock):
    """Deadlines and sizes, of upstreams and of clients; see `config/ssot_config.yaml`."""

    connect_seconds: Seconds = 2.0
    first_token_seconds: Seconds = 120.0
    idle_seconds: Seconds = 60.0
    total_seconds: Seconds = 600.0
    max_body_bytes: Count = 20_000_000
    max_in_flight: Count = 64
    max_queue: CountOrNone = 256
    max_connections: Count = 10_000
    max_header_bytes: Count = 16_384
    max_headers: Count = 100
    header_seconds: Seconds = 10.0
    body_seconds: Seconds = 30.0
    keep_alive_seconds: Seconds = 75.0
    send_seconds: Seconds = 60.0


class RetrySettings(_SettingsBlock):
    """Asking the same deployment again."""

    attempts: Annotated[int, BeforeValidator(no_boolean), Field(ge=0, le=10)] = 1
    backoff_seconds: Seconds = 0.1
    budget: Share = 0.2


class CircuitSettings(_SettingsBlock):
    """When a deployment that fails is left alone."""

    failures: Count = 5
    open_seconds: Seconds = 1.0
    longest_open_seconds: Seconds = 30.0


class HedgingSettings(_SettingsBlock):
    """A second request where the first takes unusually long."""

    enabled: bool = False
    percentile: Annotated[float, BeforeValidator(no_boolean), Field(ge=50, le=99.9)] = 95.0


class CacheSettings(_SettingsBlock):
    """The answer cache."""

    enabled: bool = False
    redis_url: RedisUrl | None = None

    _may_be_empty = field_validator("redis_url", mode="before")(empty_is_none)


class SharedStateSettings(_SettingsBlock):
    """What replicas share."""

    redis_url: RedisUrl | None = None

    _may_be_empty = field_validator("redis_url", mode="before")(empty_is_none)


class DecisionLogSettings(_SettingsBlock):
    """Where decisions are kept, and for how long."""

    enabled: bool = True
    url: LogUrl | None = None
    store_prompts: bool = False
    keep_days: Annotated[float, BeforeValidator(no_boolean), Field(gt=0, le=36_500)] = 30
    max_megabytes: Annotated[float, BeforeValidator(no_boolean), Field(ge=1, le=1e9)] = 1000

    _may_be_empty = field_validator("url", mode="before")(empty_is_none)


class Settings(_SettingsBlock):
    """All settings, validated and frozen; `Settings()` holds the defaults.

    Example:
        >>> Settings().limits.max_in_flight
        64
    """

    tiered_routing: TierConfig = TierConfig()
    upstreams: tuple[UpstreamSettings, ...] = ()
    limits: LimitSettings = LimitSettings()
    retries: RetrySettings = RetrySettings()
    circuit: CircuitSettings = CircuitSettings()
    hedging: HedgingSettings = HedgingSettings()
    cache: CacheSettings = CacheSettings()
    shared_state: SharedStateSettings = SharedStateSettings()
    decision_log: DecisionLogSettings = DecisionLogSettings()
    auth: AuthSettings = AuthSettings()
    access: AccessSettings = AccessSettings()
    tls: TlsSettings = TlsSettings()
    admin: AdminSettings = AdminSettings()
    quality: QualitySettings = QualitySettings()
    prices: PricesSettings = PricesSettings()
    opentelemetry: OpenTelemetrySettings = OpenTelemetrySettings()

    @field_validator("upstreams")
    @classmethod
    def _names_differ(cls, upstreams: tuple[UpstreamSettings, ...]) -> tuple[UpstreamSettings, ...]:
        names = [upstream.name for upstream in upstreams]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise fault(f"{index}.name", f"an upstream {name!r} is there already")
        return upstreams

    @property
    def deadlines(self) -> Deadlines:
        """How long an upstream may take."""
        limits = self.limits
        return Deadlines(
            connect_seconds=limits.connect_seconds,
            first_token_seconds=limits.first_token_seconds,
            idle_seconds=limits.idle_seconds,
            total_seconds=limits.total_seconds,
        )

    def upstream_configs(self) -> tuple[UpstreamConfig, ...]:
        """The configured upstreams; empty where they are to be discovered."""
        return tuple(upstream.to_config() for upstream in self.upstreams)

    def first_model(self, tier: str) -> str:
        """The model that is asked first in a tier, without the name of its upstream."""
        chain = next(t.deployments for t in self.tiered_routing.ordered_tiers if t.name == tier)
        prefix, _, model = chain[0].partition("/")
        is_upstream = any(upstream.name == prefix for upstream in self.upstreams)
        return model if model and is_upstream else chain[0]

    @property
    def config_hash(self) -> str:
        """12 hex digits that change when a setting changes; secrets do not count."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
