"""Who may use the gateway, and over what: API keys, kept only as hashes, and the files of TLS."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    SerializerFunctionWrapHandler,
    StringConstraints,
    field_validator,
    model_serializer,
    model_validator,
)

from gearshift.config_file.messages import nearest, setting_error
from gearshift.config_file.model import MASK, Secret, SettingsModel, empty_is_none, reject_bool
from gearshift.tiered_routing.tier_config import TierName

HASH_PREFIX: Final = "sha256:"
_HASH: Final = re.compile(r"sha256:[0-9a-f]{64}")
# 16 characters at random are beyond guessing, however quick the hash.
SAFE_CHARACTERS: Final = 16


KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
PerMinute = Annotated[int, BeforeValidator(reject_bool), Field(ge=1)]


def hash_of(key: str) -> str:
    """A key as it is kept: `sha256:` and 64 hex digits.

    One round without salt is enough, because a key is no password: it is long and random.
    """
    return HASH_PREFIX + digest_of(key).hex()


def digest_of(key: str) -> bytes:
    """The 32 bytes that keys are compared by; header bytes that are no text have theirs too."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


class ApiKeySettings(SettingsModel):
    """One key of a client; a plain text in the list means its `key` alone.

    Attributes:
        name: What the request log calls the client.
        key: The key itself; replaced by its hash as soon as it is read.
        hash: Instead of `key`: `sha256:` and 64 hex digits.
        tiers: The tiers it may use; empty for all.
        requests_per_minute: No limit where absent.
        cache_scope: Keys that share cached answers have the same; each its own where absent.
        change_models: It may have models pulled, created, copied, deleted and pushed.
    """

    name: KeyName | None = None
    key: Secret = SecretStr("")
    hash: Secret = SecretStr("")
    tiers: tuple[TierName, ...] = ()
    requests_per_minute: PerMinute | None = None
    cache_scope: KeyName | None = None
    change_models: bool = False

    _is_short: bool = PrivateAttr(default=False)
    _may_be_empty = field_validator("name", "cache_scope", mode="before")(empty_is_none)

    @model_validator(mode="wrap")
    @classmethod
    def _keeps_only_the_hash(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, cls):
            return data
        at = "" if isinstance(data, str | SecretStr) else "key"
        entry = _entry(data, list(cls.model_fields))
        plain, given = _text(entry.get("key")), _text(entry.get("hash"))
        is_plain = plain is not None and not plain.startswith(HASH_PREFIX)
        if plain:
            entry["key"] = hash_of(_sendable(plain, at)) if is_plain else _checked_hash(plain, at)
        elif plain is not None and not given:
            raise setting_error(at, "is empty", "an empty key would let everybody in")
        if given:
            prefix = "" if given.startswith(HASH_PREFIX) else HASH_PREFIX
            entry["hash"] = _checked_hash(prefix + given, "hash")
        loaded = handler(entry)
        loaded._is_short = is_plain and len(plain or "") < SAFE_CHARACTERS
        return loaded

    @model_validator(mode="after")
    def _has_one_of_both(self) -> Self:
        has_key, has_hash = bool(self.key.get_secret_value()), bool(self.hash.get_secret_value())
        if has_key and has_hash:
            raise setting_error("hash", "is set together with a key", "set only one of them")
        if not has_key and not has_hash:
            raise setting_error("key", "is required", "or its hash; `gearshift key` makes both")
        return self

    @model_validator(mode="after")
    def _changes_only_what_it_may_use(self) -> Self:
        if self.change_models and self.tiers:
            advice = "remove one: whoever changes models changes those of all tiers"
            raise setting_error("change_models", "is true for a key with tiers", advice)
        return self

    @model_serializer(mode="wrap", when_used="json")
    def _short_where_it_says_nothing_else(self, handler: SerializerFunctionWrapHandler) -> Any:
        limits = self.name, self.tiers, self.requests_per_minute, self.cache_scope
        if any(limits) or self.change_models:
            shown = handler(self)
            for name in ("cache_scope", "change_models"):
                if not shown[name]:
                    del shown[name]
            return shown
        return MASK

    @property
    def kept(self) -> str:
        """The hash: `sha256:` and 64 hex digits."""
        return self.key.get_secret_value() or self.hash.get_secret_value()

    @property
    def digest(self) -> bytes:
        """The hash as 32 bytes."""
        return bytes.fromhex(self.kept.removeprefix(HASH_PREFIX))

    @property
    def is_short(self) -> bool:
        """Whether it was given in clear and can be guessed with patience."""
        return self._is_short


class AuthSettings(SettingsModel):
    """Who may use the gateway; everybody who reaches it when `api_keys` is empty."""

    api_keys: tuple[ApiKeySettings, ...] = ()

    @field_validator("api_keys")
    @classmethod
    def _differ(cls, keys: tuple[ApiKeySettings, ...]) -> tuple[ApiKeySettings, ...]:
        digests: dict[bytes, int] = {}
        names: dict[str, int] = {}
        for index, key in enumerate(keys):
            if (first := digests.setdefault(key.digest, index)) != index:
                raise setting_error(
                    str(index), f"is the same key as auth.api_keys.{first}", "remove one"
                )
            if key.name is not None and names.setdefault(key.name, index) != index:
                advice = "each key needs a name of its own"
                raise setting_error(f"{index}.name", f"duplicate key name {key.name!r}", advice)
        return keys


class TlsSettings(SettingsModel):
    """PEM files with which the gateway speaks https; plain http without them."""

    certificate: str | None = None
    key: str | None = None

    _may_be_empty = field_validator("certificate", "key", mode="before")(empty_is_none)

    @model_validator(mode="after")
    def _come_together(self) -> Self:
        for missing, given in (("certificate", "key"), ("key", "certificate")):
            if getattr(self, missing) is None and getattr(self, given) is not None:
                raise setting_error(
                    missing, f"is required together with tls.{given}", "or remove both"
                )
        return self


def _entry(data: Any, fields: list[str]) -> dict[Any, Any]:
    if isinstance(data, str | SecretStr):
        return {"key": data}
    if isinstance(data, int | float):
        raise setting_error("", "a string is expected", "put it in quotes")
    if not isinstance(data, Mapping):
        raise setting_error("", "a key or a mapping of settings is expected")
    if any(name not in fields and nearest(str(name), fields) is None for name in data):
        # The name is not repeated: it may be a key that stands in the wrong place.
        raise setting_error("", "has an unknown key", f"valid keys: {', '.join(fields)}")
    return dict(data)


def _text(value: Any) -> str | None:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return value.strip() if isinstance(value, str) else None


def _sendable(key: str, at: str) -> str:
    if key == MASK:
        raise setting_error(at, f"is {MASK}, which only masks a key", "write the key or its hash")
    if not (key.isascii() and key.isprintable()):
        raise setting_error(at, "contains characters that a header cannot contain", "use ASCII")
    return key


def _checked_hash(text: str, at: str) -> str:
    lowered = text.lower()
    if _HASH.fullmatch(lowered) is None:
        advice = "`gearshift key --hash -` makes it"
        raise setting_error(
            at, "is not the hash of a key: sha256: and 64 hex digits are expected", advice
        )
    return lowered


class AdminSettings(SettingsModel):
    """Who may use the admin plane.

    Attributes:
        token: What clients of it must send; needed where it can be reached from elsewhere.
    """

    token: Secret = SecretStr("")

    @field_validator("token")
    @classmethod
    def _is_as_it_is_sent(cls, token: SecretStr) -> SecretStr:
        """Without the line end that files and variables bring along."""
        text = token.get_secret_value().strip()
        if text == MASK:
            raise setting_error(
                "", f"is {MASK}, which only masks a token", "write the token itself"
            )
        if not text.isprintable():
            raise setting_error("", "contains characters that a header cannot contain")
        return SecretStr(text)
