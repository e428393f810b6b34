"""Settings: defaults < YAML file < environment < arguments, validated, each with its source."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from gearshift.config_errors import nearest, problems_of
from gearshift.config_text import expand, flatten, parse_value, read_yaml
from gearshift.errors import ConfigError, Problem
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.tiered_routing.tier_config import ModelName, TierConfig

ENVIRONMENT_PREFIX = "GEARSHIFT_"
_NO_SETTINGS = ("GEARSHIFT_CONFIG", "GEARSHIFT_TEST_", "GEARSHIFT_INTERNAL_")
_FILE_NAMES = ("ssot_config.yaml", "config.yaml")

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
UpstreamName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class UpstreamSettings(_Block):
    """One upstream: a server that answers, and how to reach it."""

    name: UpstreamName
    provider: Literal["ollama", "openai", "embedded"]
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    models: tuple[ModelName, ...] = ()
    model_paths: Mapping[ModelName, str] = Field(default_factory=dict)

    @field_validator("provider", mode="before")
    @classmethod
    def _not_yet(cls, value: Any) -> Any:
        if value == "anthropic":
            raise ValueError("the anthropic provider is not available in this version")
        return value

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.provider == "embedded":
            if not self.model_paths:
                raise ValueError("an embedded upstream needs model_paths: {model name: GGUF file}")
        elif self.model_paths:
            raise ValueError("model_paths belongs to provider: embedded")
        if self.provider == "openai" and not self.base_url:
            raise ValueError("base_url is missing, such as http://127.0.0.1:8000/v1")
        if self.base_url and not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url must begin with http:// or https://, got {self.base_url!r}")
        return self


class LimitSettings(_Block):
    """Bounds per upstream; seconds, bytes and numbers of requests."""

    connect_seconds: PositiveFloat = 2.0
    first_token_seconds: PositiveFloat = 120.0
    idle_seconds: PositiveFloat = 60.0
    total_seconds: PositiveFloat = 600.0
    max_body_bytes: PositiveInt = 20_000_000
    max_in_flight: PositiveInt = 64
    max_queue: Annotated[int, Field(ge=0)] = 256


class CacheSettings(_Block):
    """The answer cache."""

    enabled: bool = False
    redis_url: str | None = None


class SharedStateSettings(_Block):
    """State shared by several replicas."""

    redis_url: str | None = None


class DecisionLogSettings(_Block):
    """Where decisions are kept."""

    url: str | None = None


class AuthSettings(_Block):
    """Keys that clients must present; none means that nobody is asked."""

    api_keys: tuple[SecretStr, ...] = ()


class QualitySettings(_Block):
    """Sampling of answers for judgement."""

    shadow_share: Share = 0.0
    explore_share: Share = 0.0
    judge: str = "checks"


class Settings(_Block):
    """Everything that can be configured; `Settings()` holds the defaults."""

    tiered_routing: TierConfig = TierConfig()
    upstreams: tuple[UpstreamSettings, ...] = ()
    limits: LimitSettings = LimitSettings()
    cache: CacheSettings = CacheSettings()
    shared_state: SharedStateSettings = SharedStateSettings()
    decision_log: DecisionLogSettings = DecisionLogSettings()
    auth: AuthSettings = AuthSettings()
    quality: QualitySettings = QualitySettings()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [upstream.name for upstream in self.upstreams]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"upstreams: the name {sorted(twice)[0]!r} is given twice")
        self._check_deployments(names)
        return self

    def _check_deployments(self, names: list[str]) -> None:
        served = [[*upstream.models, *upstream.model_paths] for upstream in self.upstreams]
        if not served or not all(served):
            return  # some upstream has to be asked what it serves
        known = [model for models in served for model in models]
        for tier in self.tiered_routing.ordered_tiers:
            for entry in tier.deployments:
                if entry not in known and entry.partition("/")[0] not in names:
                    guess = nearest(entry, known)
                    hint = f"did you mean {guess!r}?" if guess else f"they serve {known}"
                    raise ValueError(
                        f"tiered_routing: no upstream serves {entry!r}, the model of tier "
                        f"{tier.name!r}; {hint}"
                    )

    @property
    def deadlines(self) -> Deadlines:
        """How long upstreams may take."""
        limits = self.limits
        return Deadlines(
            limits.connect_seconds,
            limits.first_token_seconds,
            limits.idle_seconds,
            limits.total_seconds,
        )

    def upstream_configs(self) -> tuple[UpstreamConfig, ...]:
        """The configured upstreams as their providers take them; none means: look around."""
        return tuple(
            UpstreamConfig(
                upstream.name,
                upstream.provider,
                upstream.base_url,
                upstream.api_key.get_secret_value(),
                upstream.models,
                dict(upstream.model_paths),
            )
            for upstream in self.upstreams
        )

    @cached_property
    def config_hash(self) -> str:
        """12 hex digits that change when any setting does; secrets do not enter."""
        canonical = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(canonical).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with where they came from.

    Attributes:
        sources: Of each setting that is not a default: `file`, `environment NAME`, `argument`.
        file: The configuration file that was read, if any.
    """

    settings: Settings
    sources: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None


def load_settings(
    path: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> LoadedSettings:
    """Read the settings from wherever they are given.

    Args:
        path: The file named on the command line.
        environ: The process's environment unless given.
        cwd: The working directory unless given.
        overrides: Values by dotted key, from arguments; they win.

    Raises:
        ConfigError: With every problem found.
    """
    environ = os.environ if environ is None else environ
    file = _find(path, environ, cwd or Path.cwd())
    source = str(file) if file else ""
    document = read_yaml(file) if file else {}
    document, problems = expand(document, environ)
    sources = dict.fromkeys(flatten(document), f"file {source}")
    values, more = _from_environment(environ)
    for key, (name, value) in values.items():
        _put(document, key, value)
        sources[".".join(key)] = f"environment {name}"
    for dotted, value in (overrides or {}).items():
        _put(document, tuple(dotted.split(".")), value)
        sources[dotted] = "argument"
    if problems or more:
        raise ConfigError([*problems, *more], source)
    try:
        settings = Settings.model_validate(_without_empty_blocks(document))
    except ValidationError as error:
        raise ConfigError(problems_of(error, Settings), source) from error
    return LoadedSettings(settings, sources, file)


def unavailable(settings: Settings) -> list[Problem]:
    """What is configured although this version does not do it yet."""
    asked = {
        "cache.enabled": settings.cache.enabled,
        "shared_state.redis_url": settings.shared_state.redis_url,
        "decision_log.url": settings.decision_log.url,
        "quality.shadow_share": settings.quality.shadow_share,
        "quality.explore_share": settings.quality.explore_share,
        "tiered_routing.escalate": settings.tiered_routing.escalate,
    }
    return [
        Problem(key, "is set, but not available in this version", "it has no effect")
        for key, value in asked.items()
        if value
    ]


def _find(path: str | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    named = path or environ.get("GEARSHIFT_CONFIG")
    if named:
        return cwd / named
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")) / ".config")
    folders = ((cwd / "config", _FILE_NAMES[:1]), (Path(home) / "gearshift", _FILE_NAMES))
    for folder, names in folders:
        for name in names:
            if (folder / name).is_file():
                return folder / name
    return None


def _from_environment(
    environ: Mapping[str, str],
) -> tuple[dict[tuple[str, ...], tuple[str, Any]], list[Problem]]:
    values: dict[tuple[str, ...], tuple[str, Any]] = {}
    problems = []
    known = {ENVIRONMENT_PREFIX + "__".join(key).upper(): key for key in _keys(Settings)}
    for name, text in environ.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or name.startswith(_NO_SETTINGS):
            continue
        key = known.get(name)
        if key is None:
            guess = nearest(name, list(known))
            hint = f"did you mean {guess}?" if guess else "see config/ssot_config.yaml"
            problems.append(Problem(name, "unknown environment variable", hint))
            continue
        value, more = expand(parse_value(text), environ, name)
        values[key] = (name, value)
        problems += more
    return values, problems


def _keys(model: type[BaseModel], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    keys = []
    for name, info in model.model_fields.items():
        annotation = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            keys += _keys(annotation, (*prefix, name))
        else:
            keys.append((*prefix, name))
    return keys


def _put(document: dict[str, Any], key: tuple[str, ...], value: Any) -> None:
    for part in key[:-1]:
        inner = document.get(part)
        if not isinstance(inner, dict):
            inner = document[part] = {}
        document = inner
    document[key[-1]] = value


def _without_empty_blocks(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value is not None}
