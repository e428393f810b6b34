"""SettingsModel: what all blocks of settings have in common, secrets among it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, get_origin

from pydantic import BaseModel, ConfigDict, PlainSerializer, SecretStr, model_validator

from gearshift.config_file.messages import model_in, redacted, setting_error

MASK: Final = "***"
"""What stands for a secret wherever settings are shown."""

Secret = Annotated[
    SecretStr,
    PlainSerializer(
        lambda secret: MASK if secret.get_secret_value() else "",
        return_type=str,
        when_used="json",
    ),
]
Redacted: Final = PlainSerializer(redacted, return_type=str, when_used="json-unless-none")


def reject_bool(value: Any) -> Any:
    """Refuse `yes` and `true`, which YAML and pydantic would quietly count as 1."""
    if isinstance(value, bool):
        raise setting_error("", f"a number is expected, got {str(value).lower()}")
    return value


def empty_is_none(value: Any) -> Any:
    """An empty text, as `${VAR:-}` leaves it, is no value."""
    return None if value == "" else value


class SettingsModel(BaseModel):
    """A group of settings: frozen, unknown keys refused, `key:` with nothing after it = default."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_blocks_are_defaults(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {k: v for k, v in data.items() if v is not None or not cls._is_block(k)}

    @classmethod
    def _is_block(cls, key: Any) -> bool:
        field = cls.model_fields.get(key)
        if field is None:
            return False
        return get_origin(field.annotation) in (tuple, dict) or bool(model_in(field.annotation))


class SettingsBlock(SettingsModel):
    """A block that may hold URLs with passwords in them."""

    def __repr_args__(self) -> Any:
        """Fields for `repr`, without the passwords that URLs may carry."""
        for name, value in super().__repr_args__():
            yield name, redacted(value) if isinstance(value, str) else value
