"""Kinds of values in the settings of upstreams: addresses, keys, headers, parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from gearshift.config_file.messages import redacted, setting_error
from gearshift.config_file.model import MASK, Redacted, Secret, reject_bool
from gearshift.config_file.urls import http_url
from gearshift.http.client.request_head import HEADER_NAME, RESERVED_HEADERS

# Blanks, byte order marks and marks of width and direction, which nobody sees; `Bearer` is ours.
_AROUND: Final = re.compile(
    "^[\\s\ufeff\u200b-\u200f]*(?:(?:authorization:\\s*)?bearer\\s+)?|[\\s\ufeff\u200b-\u200f]+$",
    re.IGNORECASE,
)


def plain(secrets: Mapping[str, SecretStr]) -> dict[str, str]:
    """Headers or parameters as they are sent."""
    return {name: value.get_secret_value() for name, value in secrets.items()}


def _http_url(text: str) -> str:
    # What follows is not repeated: it may be a key.
    address, mark = [*re.split("([?#])", text, maxsplit=1), ""][:2]
    http_url(address, "http://127.0.0.1:11434")
    if mark:
        advice = "its query goes into `query:`" if mark == "?" else "such as …/v1"
        raise setting_error("", f"must end with its path, as {redacted(address)!r} does", advice)
    if any(character.isspace() for character in text):
        raise setting_error("", f"{redacted(text)!r} must end with its path", "such as …/v1")
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
        raise setting_error(
            "", "contains characters that a header cannot contain", "use ASCII, in one line"
        )
    return SecretStr(text)


def _headers(given: dict[str, SecretStr]) -> dict[str, SecretStr]:
    seen: dict[str, str] = {}
    for name, value in given.items():
        if not HEADER_NAME.fullmatch(name):
            raise setting_error(
                "", f"{name!r} is not a valid header name", "use letters, digits and -"
            )
        if name.lower() in RESERVED_HEADERS:
            raise setting_error(
                name, "gearshift sets this header for each request itself", "remove it"
            )
        if seen.setdefault(name.lower(), name) != name:
            raise setting_error(name, f"is the same header as {seen[name.lower()]!r}", "remove one")
        if not value.get_secret_value().strip().isascii():
            raise setting_error(
                name, "contains characters that a header cannot contain", "use ASCII"
            )
    return _values(given)


def _query(given: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name in given:
        if not name or not name.isprintable():
            raise setting_error("", f"{name!r} is not a valid parameter name")
    return _values(given)


def _values(given: dict[str, SecretStr]) -> dict[str, SecretStr]:
    """Those that have a value, which `${VAR:-}` may leave out, without the line ends of files."""
    values = {}
    for name, value in given.items():
        text = value.get_secret_value().strip()
        if text == MASK:
            raise setting_error(
                name, f"is {MASK}, which only masks a value", "write the value itself"
            )
        if not text.isprintable():
            raise setting_error(
                name, "contains characters that cannot be sent", "write it in one line"
            )
        if text:
            values[name] = SecretStr(text)
    return values


HttpUrl = Annotated[
    str, StringConstraints(strip_whitespace=True), AfterValidator(_http_url), Redacted
]
UpstreamName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
UpstreamKey = Annotated[Secret, AfterValidator(_sendable)]
Headers = Annotated[dict[str, Secret], AfterValidator(_headers)]
Query = Annotated[dict[str, Secret], AfterValidator(_query)]
HealthPath = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^/[!-~]*$")]
HealthSeconds = Annotated[float, BeforeValidator(reject_bool), Field(ge=1, le=86_400)]
