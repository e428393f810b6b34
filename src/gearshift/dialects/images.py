"""Images in conversations: found in parts of any shape, as data URLs or bare base64."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from gearshift.types import Json, Message

IMAGE_TYPES: Final = frozenset({"image_url", "input_image", "image"})
_DATA_URL: Final = re.compile(r"data:([^,]{0,200}),", re.IGNORECASE)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=_\s-]{2,}")
_LOOKED_AT: Final = 64
_TO_STANDARD: Final = str.maketrans("-_", "+/", " \t\r\n")
# How the bytes of each kind begin.
_KINDS: Final = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"<svg", "image/svg+xml"),
    (b"<?xml", "image/svg+xml"),
)
_BOXES: Final = (
    (b"ftypavif", "image/avif"),
    (b"ftyphei", "image/heic"),
    (b"ftypmif1", "image/heif"),
)


def image_url(part: Mapping[str, Any]) -> str | None:
    """The URL (or bare base64) of a part that shows an image; `None` if it is none.

    >>> image_url({"type": "input_image", "image_url": "https://host/a.png"})
    'https://host/a.png'
    """
    if part.get("type") not in IMAGE_TYPES:
        return None
    for name in ("image_url", "source", "url", "image", "data"):
        url = _url_in(part.get(name))
        if url is not None:
            return url
    return None


def has_image(messages: Sequence[Message]) -> bool:
    """Whether any turn shows an image."""
    for message in messages:
        content = message.get("content")
        if isinstance(content, list) and any(
            isinstance(part, dict) and part.get("type") in IMAGE_TYPES for part in content
        ):
            return True
    return False


def as_url(image: str) -> str:
    """An image of an Ollama client as a URL: base64 becomes a data URL, with the type it has.

    >>> as_url("/9j/4AAQ"), as_url("https://host/a.png")
    ('data:image/jpeg;base64,/9j/4AAQ', 'https://host/a.png')
    """
    start = image.lstrip()[:10].lower()
    if start.startswith(("data:", "http://", "https://")):
        return image.strip()
    plain = image.translate(_TO_STANDARD)
    return f"data:{_kind(plain)};base64,{plain}"


def as_base64(url: str) -> str | None:
    """An image as Ollama takes it, in base64; `None` where it would have to be fetched.

    >>> as_base64("data:image/png;base64,AAAA"), as_base64("http://host/a.png")
    ('AAAA', None)
    """
    url = url.strip()
    match = _DATA_URL.match(url)
    if match is None:
        is_bare = _BASE64.fullmatch(url[:1000]) is not None
        return url.translate(_TO_STANDARD) if is_bare else None
    content = url[match.end() :]
    if "base64" not in match[1].lower():
        return base64.b64encode(unquote_to_bytes(content)).decode()
    if "%" in content:
        content = unquote_to_bytes(content).decode("latin-1")
    return content.translate(_TO_STANDARD)


def _url_in(value: Json) -> str | None:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("url"), str):
        return str(value["url"])
    data = value.get("data")  # Anthropic's
    if not isinstance(data, str):
        return None
    kind = value.get("media_type")
    return f"data:{kind};base64,{data}" if isinstance(kind, str) else as_url(data)


def _kind(plain: str) -> str:
    """The media type by the first bytes, PNG where they say nothing."""
    head = plain[:_LOOKED_AT].rstrip("=")
    try:
        first = base64.b64decode(head[: len(head) - (len(head) % 4 == 1)] + "=" * (-len(head) % 4))
    except (binascii.Error, ValueError):
        return "image/png"
    kinds = [kind for start, kind in _KINDS if first.startswith(start)]
    kinds += [kind for box, kind in _BOXES if first[4:].startswith(box)]
    return kinds[0] if kinds else "image/png"
