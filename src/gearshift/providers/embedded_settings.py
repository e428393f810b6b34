"""EmbeddedSettings: which models an embedded engine has, and how much of the machine it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from gearshift.config_file.messages import setting_error
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.settings import UpstreamSettings
from gearshift.tiered_routing.tier_config import ModelName


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """What an embedded engine needs beside what every upstream has.

    Attributes:
        model_paths: The GGUF file of each model.
        model_urls: Engines that already run (a worker's parent started them).
        context_tokens: The context that requests in flight share.
        parallel: Requests answered at the same time by each model.
        threads: CPU threads of each model; 0 means one for each core.
        are_stand_ins: The files stand for the models that they are named after, and count with
            the sizes of those.
    """

    model_paths: Mapping[str, str] = field(default_factory=dict)
    model_urls: Mapping[str, str] = field(default_factory=dict)
    context_tokens: int = 4096
    parallel: int = 1
    threads: int = 0
    are_stand_ins: bool = False


class EmbeddedSettings(UpstreamSettings):
    """An upstream that is llama.cpp in processes of gearshift's own.

    Attributes:
        model_paths: The GGUF file of each model name.
    """

    model_paths: dict[ModelName, ModelName] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_files_and_no_address(self) -> Self:
        if not self.model_paths:
            raise self.required("model_paths", "{name: file.gguf}")
        for index, model in enumerate(self.models):
            if model not in self.model_paths:
                raise setting_error(f"models.{index}", f"{model!r} has no file in model_paths")
        remote = {
            "base_url": self.base_url,
            "headers": self.headers,
            "query": self.query,
            "health.path": self.health.path,
        }
        for key, value in remote.items():
            if value:
                raise self.meaningless(key)
        return self

    def to_config(self) -> UpstreamConfig:
        """As it is, with a model for each file unless others are named."""
        return replace(super().to_config(), models=self.models or tuple(self.model_paths))

    def options(self) -> EmbeddedOptions:
        """The files."""
        paths = {name: str(Path(path).expanduser()) for name, path in self.model_paths.items()}
        return EmbeddedOptions(model_paths=paths)


def embedded_upstream(name: str, options: EmbeddedOptions) -> UpstreamConfig:
    """An embedded engine that no settings name."""
    return UpstreamConfig(name, "embedded", "", models=tuple(options.model_paths), options=options)
