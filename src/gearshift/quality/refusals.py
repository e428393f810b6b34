"""How answers begin that decline to answer."""

from __future__ import annotations

import re
from typing import Final

_CANNOT: Final = r"(?:can(?:no|'|\ no)t|unable|not\ able|won't)"
_ENGLISH: Final = (
    rf"i(?:'m|\ am)\ (?:so\ |very\ )?(?:sorry|afraid)\b[^.!?\n]{{0,60}}\b{_CANNOT}",
    rf"(?:sorry|unfortunately|apologi[sz]e)\b[^.!?\n]{{0,40}}\bi(?:'m|\ am)?\ {_CANNOT}",
    rf"i(?:'m|\ am)?\ (?:{_CANNOT}|must\ decline)\ (?:to\ )?(?:\w+\ ){{0,2}}"
    r"(?:assist|help|provide|fulfil|comply|answer|generate|create|support|continue)",
    rf"as\ an\ (?:ai|artificial)\b[^.!?\n]{{0,80}}\b(?:{_CANNOT}|do\ not|don't)",
)
_OTHERS: Final = (
    r"ich\ kann\ (?:dir|ihnen|das|diese\w*)\b[^.!?\n]{0,60}\bnicht\b",
    r"es\ tut\ mir\ leid\b[^.!?\n]{0,60}\bnicht\b",
    r"je\ suis\ désolée?\b[^.!?\n]{0,60}\bpas",
    r"je\ ne\ peux\ pas\ (?:vous\ )?(?:aider|répondre|fournir)",
    r"lo\ siento\b[^.!?\n]{0,60}\bno\ puedo",
    r"no\ puedo\ (?:ayudar|proporcionar|responder|cumplir)",
    r"(?:desculpe|sinto\ muito)\b[^.!?\n]{0,60}\bnão\ posso",
    r"mi\ dispiace\b[^.!?\n]{0,60}\bnon\ posso",
)
_MARKS: Final = (
    "抱歉，我无法",
    "对不起，我不能",
    "我无法提供",
    "申し訳ありませんが",
    "お手伝いできません",
    "죄송하지만",
    "не могу помочь",
    "لا أستطيع",
)
_PATTERN: Final = re.compile(
    rf"\b(?:{'|'.join((*_ENGLISH, *_OTHERS))})", re.IGNORECASE | re.VERBOSE
)
_BEGINNING: Final = 300


def declines(text: str) -> bool:
    """Whether a text begins by declining.

    >>> declines("I'm sorry, but I can't help with that."), declines("Sorry for the delay: 42.")
    (True, False)
    """
    start = text[:_BEGINNING].replace("’", "'")
    return bool(_PATTERN.search(start)) or any(mark in start for mark in _MARKS)
