"""The elements that coding clients put around the user's words, and the words without them."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from gearshift.tiered_routing.excerpt import CUT
from gearshift.tiered_routing.lexicon import harness

_TAG: Final = re.compile(r"<([A-Za-z][\w-]{2,40})(?: [^<>\n]{0,200})?>")
_CLOSING_TAG: Final = re.compile(r"</([A-Za-z][\w-]{2,40})>")
_MOST_TAGS: Final = 500
_MOST_UNCLOSED: Final = 16


def without_blocks(text: str) -> str:
    """The text without harness blocks; only the user's own block, where one is marked."""
    kept: list[str] = []
    marked: list[str] = []
    unclosed: set[str] = set()
    end = 0
    for tag in islice(_TAG.finditer(text), _MOST_TAGS):
        name = tag[1].lower()
        is_user = name in harness.USER_BLOCKS
        if tag.start() < end or name in unclosed or not (is_user or name in harness.BLOCKS):
            continue
        close, behind = _end_of_block(text, tag)
        if close < 0:
            unclosed.add(name)  # looked for once, so that many openings stay linear
            if len(unclosed) == _MOST_UNCLOSED:
                break
            continue
        kept.append(text[end : tag.start()])
        if is_user:
            marked.append(text[tag.end() : close])
        end = behind
    if marked:
        return without_blocks(marked[-1]) if "<" in marked[-1] else marked[-1]
    kept.append(_behind_cut_block(text[end:]))
    return "\n".join(piece for piece in map(str.strip, kept) if piece)


def _end_of_block(text: str, tag: re.Match[str]) -> tuple[int, int]:
    """Where what is in a block ends, and where the text goes on; at the latest where it is cut."""
    close = text.find(f"</{tag[1]}>", tag.end())
    if close >= 0:
        return close, close + len(tag[1]) + 3
    cut = text.find(CUT, tag.end())
    return cut, cut


def _behind_cut_block(text: str) -> str:
    """The text without the end of a block that began where nothing was read."""
    cut = text.rfind(CUT)
    if cut < 0:
        return text
    for tag in islice(_CLOSING_TAG.finditer(text, cut), _MOST_TAGS):
        if tag[1].lower() in harness.BLOCKS and text.find(f"<{tag[1]}", cut, tag.start()) < 0:
            return f"{text[:cut]}{CUT}{text[tag.end() :]}"
    return text
