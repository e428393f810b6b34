"""Which of a client's headers its request takes along to the upstream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Of this connection only, or written anew for the other one. A client's credentials and cookies
# are for gearshift: the upstream gets those of the configuration.
_KEPT: Final = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "origin",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-api-key",
    }
)
_KEPT_PREFIXES: Final = ("x-gearshift-", "x-forwarded-", "sec-")


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The end-to-end headers, such as `traceparent` and those that gearshift does not know.

    >>> passed_on({"host": "x", "openai-beta": "a", "connection": "x-hop", "x-hop": "b"})
    {'openai-beta': 'a'}
    """
    passed = {
        name: value
        for name, value in headers.items()
        if name not in _KEPT
        and not name.startswith(_KEPT_PREFIXES)
        # Some servers read `content_length` as `content-length`.
        and name.replace("-", "").isalnum()
    }
    if passed and "connection" in headers:
        for name in headers["connection"].lower().split(","):
            passed.pop(name.strip(), None)
    return passed
