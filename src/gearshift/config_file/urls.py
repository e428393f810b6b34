"""Web addresses in settings: checked in one place, and never shown with their password."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import AfterValidator

from gearshift.config_file.messages import redacted, setting_error


def http_url(text: str, example: str) -> str:
    """The text, if it is an address of http or https with a host and a possible port.

    Args:
        text: What was written.
        example: Shown to whoever wrote something else.

    Raises:
        PydanticCustomError: It is anything else.
    """
    try:
        parts = urlsplit(text)
        is_one = bool(parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:  # brackets without an end, a port that is no number or too large
        is_one = False
    if not is_one:
        raise setting_error("", f"{redacted(text)!r} is not a URL", f"such as {example}")
    return text


def is_http_url(example: str) -> AfterValidator:
    """`http_url` as a validator of a field."""
    return AfterValidator(lambda text: http_url(text, example))
