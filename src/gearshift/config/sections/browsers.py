"""From where the gateway may be used, as patterns, and whether models may be changed through it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator

from gearshift.config_file.messages import setting_error
from gearshift.config_file.model import SettingsModel, empty_is_none

ANY: Final = "*"
OPAQUE: Final = "null"
"""The origin of pages that have none: opened from a file, or in a sandboxed frame."""

_NAME: Final = re.compile(r"[a-z0-9*](?:[a-z0-9*._-]*[a-z0-9*])?")
_ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9*._-]*)(?P<port>:(?:\d{1,5}|\*))?"
)
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_ORIGIN_ADVICE: Final = "such as https://chat.example.com, https://*.example.com or http://lan:*"


def _host(text: str) -> str:
    """A host name or address as it is compared: lower case, no brackets, no port."""
    text = text.strip().lower()
    bare = text.removeprefix("[").removesuffix("]").removesuffix(".")
    if _NAME.fullmatch(bare) or _is_address(bare):
        return bare
    raise setting_error("", f"{text!r} is not a host name", _host_advice(text))


def _host_advice(text: str) -> str:
    name = text.partition("://")[2] or text
    name = name.partition("/")[0].rpartition("@")[2]
    name = name.partition("]")[0].strip("[") if name.startswith("[") else name.partition(":")[0]
    guess = _punycode("*" + name if name.startswith(".") else name)
    if guess != text and (_NAME.fullmatch(guess) or _is_address(guess)):
        return f"did you mean {guess!r}? Scheme and port do not count"
    return "such as gateway.example.com, *.example.com, or * for any"


def _origin(text: str) -> str:
    """An origin, or a pattern of origins, as it is compared: lower case, no default port."""
    text = text.strip().lower()
    if text in (ANY, OPAQUE):
        return text
    if not text.endswith("://"):
        text = text.rstrip("/")
    parts = _ORIGIN.fullmatch(text)
    if parts is None or not (parts["host"] or parts["scheme"] not in _DEFAULT_PORTS):
        raise setting_error("", f"{text!r} is not an origin", _origin_advice(text))
    port = parts["port"] or ""
    return text.removesuffix(port) if port == _DEFAULT_PORTS.get(parts["scheme"]) else text


def _origin_advice(text: str) -> str:
    scheme, has_scheme, rest = text.rpartition("://")
    rest = rest.partition("/")[0].rpartition("@")[2]
    guess = f"{scheme if has_scheme else 'https'}://{_punycode(rest)}"
    parts = _ORIGIN.fullmatch(guess)
    return f"did you mean {guess!r}?" if parts and parts["host"] else _ORIGIN_ADVICE


def _punycode(name: str) -> str:
    """A name in another script as browsers write it."""
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _listed(value: Any) -> Any:
    """A text is a list with commas in it, as environment variables hold them."""
    if isinstance(value, str):
        return [part for part in value.split(",") if part.strip()]
    return value


HostPatterns = Annotated[
    tuple[Annotated[str, AfterValidator(_host)], ...], BeforeValidator(_listed)
]
OriginPatterns = Annotated[
    tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_listed)
]


class AccessSettings(SettingsModel):
    """From where the gateway may be used, and its upstreams' models be changed.

    Attributes:
        allowed_hosts: Names that a `Host` header may hold; `*` stands for any characters. They
            are checked where there are no API keys, and either some are given or the gateway
            listens on this machine only.
        allowed_origins: `scheme://host[:port]` of pages that may use it; `*` stands for any
            characters, `:*` for any port, `*` alone for every page.
        change_models: Whether models may be pulled, created, copied, deleted and pushed. `None`:
            without API keys while the gateway listens on this machine only. With API keys, those
            may that have a `change_models` of their own, unless this is `False`.
    """

    allowed_hosts: HostPatterns = ()
    allowed_origins: OriginPatterns = ()
    change_models: Annotated[bool | None, BeforeValidator(empty_is_none)] = None
