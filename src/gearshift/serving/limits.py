"""The settings of what one client may cost, as the server needs them."""

from __future__ import annotations

from gearshift.config.loading import Settings
from gearshift.http.values import HttpLimits


def http_limits(settings: Settings) -> HttpLimits:
    """The server's limits."""
    limits = settings.limits
    return HttpLimits(
        max_body_bytes=limits.max_body_bytes,
        max_header_bytes=limits.max_header_bytes,
        max_headers=limits.max_headers,
        max_connections=limits.max_connections,
        header_seconds=limits.header_seconds,
        body_seconds=limits.body_seconds,
        keep_alive_seconds=limits.keep_alive_seconds,
        send_seconds=limits.send_seconds,
    )
