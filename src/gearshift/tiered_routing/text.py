"""How text is folded before it is matched: case, width, accents, punctuation, spaces."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_KEPT: Final = b"abcdefghijklmnopqrstuvwxyz0123456789+#"


def _ascii_table() -> bytes:
    table = bytearray(range(256))
    for code in range(128):
        char = bytes([code]).lower()
        table[code] = char[0] if char in _KEPT else 32
    return bytes(table)


def _accents() -> dict[int, str]:
    """Latin letters without their marks, and typographic punctuation as ASCII."""
    table: dict[int, str] = {}
    for code in range(0xC0, 0x250):
        base = unicodedata.normalize("NFKD", chr(code))[0]
        if base.isascii():
            table[code] = base
    table |= {ord("ı"): "i", ord("ø"): "o", ord("ł"): "l", ord("æ"): "ae", ord("œ"): "oe"}
    table |= {ord("ё"): "е", ord("أ"): "ا", ord("إ"): "ا", ord("آ"): "ا", ord("ى"): "ي"}
    table |= dict.fromkeys(range(0x64B, 0x653), "")  # Arabic vowel marks
    table |= dict.fromkeys(map(ord, "’‘ʼ´`\u200b\u200c\u200d\u00ad\u0301\u0300\u0308"), "")
    table |= dict.fromkeys(
        map(ord, "“”„«»‹›¿¡‐‑–—…·、。，．：；！？「」『』（）《》【】؟،؛।॥"), " "
    )
    return table


_ASCII_TABLE: Final = _ascii_table()
_ACCENTS: Final = {chr(code): plain for code, plain in _accents().items()}
_ACCENTED: Final = re.compile(f"[{re.escape(''.join(_ACCENTS))}]")
_DROPPED: Final = b"'"
_WIDE: Final = "，！？：；（）…\u00a0\u3000"
"""Punctuation that NFKC makes ASCII, which takes it many times as long as finding that none is."""


def encode(text: str) -> bytes:
    """A text as UTF-8; lone surrogates, which have no encoding, become `?`."""
    return text.encode("utf-8", "replace")


def fold(text: str) -> bytes:
    """The words of a text: lower case, no accents, one space around each, as UTF-8.

    Apostrophes vanish, other punctuation becomes space, so that `Don’t  re-run` and `dont re run`
    are the same. Lone surrogates become `?`, which is punctuation.
    """
    if not text.isascii():
        text = _without_accents(text)
    raw = encode(text).translate(_ASCII_TABLE, _DROPPED)
    return b" " + b" ".join(raw.split()) + b" "


def _without_accents(text: str) -> str:
    for sign in _WIDE:
        if sign in text:
            text = text.replace(sign, " ")
    # `str.translate` would raise and catch an error for each letter that it does not know.
    return _ACCENTED.sub(_plain, unicodedata.normalize("NFKC", text).casefold())


def _plain(match: re.Match[str]) -> str:
    return _ACCENTS[match[0]]
