"""Mask: an upstream's words without the secrets that it was told."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import orjson

from gearshift.providers.base import UpstreamConfig

_STAND_IN: Final = b"***"
# Shorter values of headers and of the query are no secrets, and could be any part of an answer:
# `true`, a version, a word of its JSON.
_SECRET_CHARACTERS: Final = 8


class Mask:
    """Hides the key, and what headers and the query hold, which some servers quote in errors.

    Args:
        config: Whose secrets.
    """

    def __init__(self, config: UpstreamConfig) -> None:
        values = [*config.headers.values(), *config.query.values()]
        # Of `Bearer sk-…` only the second word may be quoted.
        parts = {part for value in values for part in (value, *value.split())}
        secrets = {part for part in parts if len(part) >= _SECRET_CHARACTERS}
        secrets |= {config.api_key} if config.api_key else set()
        spelt = secrets | {quote(text, safe="") for text in secrets}
        spelt |= {orjson.dumps(text).decode()[1:-1] for text in secrets}
        self._secrets = [text.encode() for text in sorted(spelt, key=len, reverse=True)]

    def hidden(self, text: bytes) -> bytes:
        """The words with `***` for every secret."""
        for secret in self._secrets:
            text = text.replace(secret, _STAND_IN)
        return text
