"""Bodies that are not UTF-8: read where their content type says what they are, named where not."""

from __future__ import annotations

import codecs
import json
import re
from typing import Final

from gearshift.errors import RequestError

_DECLARED: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_WIDE: Final = frozenset({f"utf-{bits}{end}" for bits in (16, 32) for end in ("", "-le", "-be")})
# What web pages, Java and PowerShell say and send where nobody has told them otherwise.
_LATIN: Final = frozenset({"iso8859-1", "cp1252"})


def in_utf8(raw: bytes, content_type: str) -> bytes:
    """A body in UTF-8, by the charset that it declares; what is UTF-8 already stays as it is.

    Raises:
        RequestError: 400, where it is not what it declares.

    >>> in_utf8("{}".encode("utf-16"), "application/json; charset=utf-16")
    b'{}'
    """
    charset = _charset(content_type)
    is_wide = charset in _WIDE and not json.detect_encoding(raw).startswith("utf-8")
    if not is_wide and (charset not in _LATIN or _is_utf8(raw)):
        return raw
    try:
        return raw.decode(charset).removeprefix("\ufeff").encode()
    except UnicodeDecodeError as error:
        raise RequestError(
            f"The body is not {charset}, as its Content-Type says: {error.reason} at byte "
            f"{error.start}. Send it as UTF-8."
        ) from None


def other_encoding(raw: bytes) -> str | None:
    """The name of the encoding, where a body is plainly JSON, but not in UTF-8."""
    encoding = json.detect_encoding(raw)
    if encoding.startswith("utf-8"):
        return None
    try:
        text = raw.decode(encoding).lstrip("\ufeff \t\r\n")
    except UnicodeDecodeError:
        return None
    return encoding.upper() if text[:1] in ("{", "[", '"') else None


def _charset(content_type: str) -> str:
    declared = _DECLARED.search(content_type)
    try:
        return codecs.lookup(declared[1]).name if declared else ""
    except LookupError:
        return ""


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
