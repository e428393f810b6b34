"""The settings, validated and frozen: one block each; see `config/ssot_config.yaml`."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from pydantic import (
    BeforeValidator,
    Field,
    SerializeAsAny,
    field_validator,
)

from gearshift.config.fields import Count, NonNegativeInt, RedisUrl, Seconds, Share, url_of
from gearshift.config.sections.access import (
    AdminSettings,
    AuthSettings,
    TlsSettings,
)
from gearshift.config.sections.browsers import AccessSettings
from gearshift.config.sections.cache import CacheSettings
from gearshift.config.sections.embeddings import EmbeddingsSettings
from gearshift.config.sections.prices import PricesSettings
from gearshift.config.sections.quality import QualitySettings
from gearshift.config.sections.shutdown import ShutdownSettings
from gearshift.config.sections.telemetry import OpenTelemetrySettings
from gearshift.config_file.messages import setting_error
from gearshift.config_file.model import Redacted, SettingsBlock, empty_is_none, reject_bool
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.settings import UpstreamSettings
from gearshift.tiered_routing.tier_config import TierConfig

LogUrl = Annotated[str, url_of("sqlite", "postgresql", "postgres"), Redacted]


class LimitSettings(SettingsBlock):
    """Deadlines and sizes, of upstreams and of clients; see `config/ssot_config.yaml`."""

    connect_seconds: Seconds = 2.0
    first_token_seconds: Seconds = 120.0
    idle_seconds: Seconds = 60.0
    total_seconds: Seconds = 600.0
    max_body_bytes: Count = 20_000_000
    max_in_flight: Count = 64
    max_queue: NonNegativeInt = 256
    max_connections: Count = 10_000
    max_header_bytes: Count = 16_384
    max_headers: Count = 100
    header_seconds: Seconds = 10.0
    body_seconds: Seconds = 30.0
    keep_alive_seconds: Seconds = 75.0
    send_seconds: Seconds = 60.0


class RetrySettings(SettingsBlock):
    """Asking the same deployment again."""

    attempts: Annotated[int, BeforeValidator(reject_bool), Field(ge=0, le=10)] = 1
    backoff_seconds: Seconds = 0.1
    budget: Share = 0.2


class CircuitSettings(SettingsBlock):
    """When the circuit of a deployment that fails opens."""

    failures: Count = 5
    open_seconds: Seconds = 1.0
    longest_open_seconds: Seconds = 30.0


class HedgingSettings(SettingsBlock):
    """A second request where the first takes unusually long."""

    enabled: bool = False
    percentile: Annotated[float, BeforeValidator(reject_bool), Field(ge=50, le=99.9)] = 95.0


class SharedStateSettings(SettingsBlock):
    """What replicas share."""

    redis_url: RedisUrl | None = None

    _may_be_empty = field_validator("redis_url", mode="before")(empty_is_none)


class DecisionLogSettings(SettingsBlock):
    """Where decisions are kept, and for how long."""

    enabled: bool = True
    url: LogUrl | None = None
    store_prompts: bool = False
    keep_days: Annotated[float, BeforeValidator(reject_bool), Field(gt=0, le=36_500)] = 30
    max_megabytes: Annotated[float, BeforeValidator(reject_bool), Field(ge=1, le=1e9)] = 1000

    _may_be_empty = field_validator("url", mode="before")(empty_is_none)


class Settings(SettingsBlock):
    """All settings, validated and frozen; `Settings()` has the defaults.

    The attributes are the blocks of the configuration file: docs/configuration.md and
    `config/ssot_config.yaml` describe each with its units and ranges.

    Raises:
        pydantic.ValidationError: A value is wrong; `load_settings` raises a `ConfigError` instead.

    Example:
        >>> Settings().limits.max_in_flight
        64
    """

    tiered_routing: TierConfig = TierConfig()
    upstreams: tuple[SerializeAsAny[UpstreamSettings], ...] = ()
    limits: LimitSettings = LimitSettings()
    retries: RetrySettings = RetrySettings()
    circuit: CircuitSettings = CircuitSettings()
    hedging: HedgingSettings = HedgingSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    cache: CacheSettings = CacheSettings()
    shared_state: SharedStateSettings = SharedStateSettings()
    shutdown: ShutdownSettings = ShutdownSettings()
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
                raise setting_error(f"{index}.name", f"duplicate upstream name {name!r}")
        return upstreams

    @property
    def grace_seconds(self) -> float:
        """How long answers in progress may take when the gateway ends."""
        grace = self.shutdown.grace_seconds
        return self.limits.total_seconds if grace is None else grace

    @property
    def deadlines(self) -> Deadlines:
        """How long an upstream may take, in seconds."""
        limits = self.limits
        return Deadlines(
            connect_seconds=limits.connect_seconds,
            first_token_seconds=limits.first_token_seconds,
            idle_seconds=limits.idle_seconds,
            total_seconds=limits.total_seconds,
        )

    def upstream_configs(self) -> tuple[UpstreamConfig, ...]:
        """The configured upstreams; empty if they are to be discovered.

        Example:
            >>> Settings().upstream_configs()
            ()
        """
        return tuple(upstream.to_config() for upstream in self.upstreams)

    def first_model(self, tier: str) -> str:
        """The model that is asked first in a tier, without the name of its upstream.

        Args:
            tier: The name of a configured tier.

        Example:
            >>> Settings().first_model("simple")
            'gemma2:2b'
        """
        tiers = self.tiered_routing.ordered_tiers
        first = next(each.deployments[0] for each in tiers if each.name == tier)
        prefix, _, model = first.partition("/")
        is_upstream = any(upstream.name == prefix for upstream in self.upstreams)
        return model if model and is_upstream else first

    @property
    def config_hash(self) -> str:
        """12 hex digits that change when a setting changes; secrets do not count."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
