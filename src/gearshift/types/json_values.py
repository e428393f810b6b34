"""JSON as it crosses the edge, decoded and not yet checked."""

from typing import Any

Json = Any
"""A decoded JSON value, as it crosses the edge."""

JsonObject = dict[str, Any]
"""A decoded JSON object, as it crosses the edge."""
