"""OllamaSettings: where an Ollama server is, by the rules of Ollama's own clients."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import field_validator

from gearshift.providers.fields import HttpUrl
from gearshift.providers.settings import UpstreamSettings

DEFAULT_PORT: Final = 11434


def ollama_base_url(host: str) -> str:
    """The address that `OLLAMA_HOST` means, by the rules of Ollama's own clients.

    >>> ollama_base_url(""), ollama_base_url("0.0.0.0:80"), ollama_base_url("http://gpu")
    ('http://127.0.0.1:11434', 'http://127.0.0.1:80', 'http://gpu:80')
    """
    text = host.strip().strip("\"'").rstrip("/")
    if text.count(":") > 1 and "[" not in text and "://" not in text:
        text = f"[{text}]"
    explicit = "://" in text
    parts = urlsplit(text if explicit else f"http://{text}")
    name = parts.hostname or "127.0.0.1"
    if name in ("0.0.0.0", "::"):
        name = "127.0.0.1"
    if ":" in name:
        name = f"[{name}]"
    try:
        port = parts.port
    except ValueError:
        port = None
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{name}:{port or (usual if explicit else DEFAULT_PORT)}{parts.path}"


class OllamaSettings(UpstreamSettings):
    """An upstream that is an Ollama server, at its usual address if none is given."""

    base_url: HttpUrl | None = ollama_base_url("")

    @field_validator("base_url", mode="after")
    @classmethod
    def _is_at_its_usual_address(cls, base_url: str | None) -> str:
        return base_url or ollama_base_url("")
