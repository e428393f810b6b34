"""Which words of a conversation are scored: the user's last turn, without what harnesses add."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple, TypeGuard

from gearshift.tiered_routing.lexicon import followups, harness
from gearshift.tiered_routing.patterns import PatternSet
from gearshift.tiered_routing.text import encode, fold

_TAG: Final = re.compile(r"<([A-Za-z][\w-]{2,40})(?: [^<>\n]{0,200})?>")
_MOST_TAGS: Final = 500
_SIDE_CALLS: Final = PatternSet(
    ((f"(?i){pattern}", 1) for pattern in harness.SIDE_CALLS), is_literal=False
)
_SHORTEST_SIDE_CALL: Final = 24
_SIDE_CALL_HEAD: Final = 700
_SIDE_CALL_TAIL: Final = 500

_LOOK_BACK: Final = 3
_FOLLOW_UP_WORDS: Final = 9
_FOLLOW_UP_UNSPACED: Final = 14
_POINTING_WORDS: Final = 14
_OFFER_CHARACTERS: Final = 400
_CONTEXT_CHARACTERS: Final = 6_000


def _words(text: str) -> frozenset[bytes]:
    return frozenset(fold(entry) for entry in text.split(",") if entry.strip())


_CONTINUERS: Final = _words(followups.CONTINUERS)
_CONTINUERS_UNSPACED: Final = tuple(word.strip() for word in _words(followups.CONTINUERS_UNSPACED))
_POINTERS: Final = _words(followups.POINTERS)
_CLOSERS: Final = frozenset(word.strip() for word in _words(followups.CLOSERS))
_AFFIRMATIVES: Final = frozenset(word.strip() for word in _words(followups.AFFIRMATIVES))


class Task(NamedTuple):
    """What is to be scored.

    Attributes:
        text: The user's words: the last turn, behind the turns that a follow-up continues.
        note: One phrase for `reasoning`; empty when there is nothing to say.
    """

    text: str
    note: str = ""


_SIDE_CALL: Final = Task("", "a front end's side call")


def task_of(text_or_messages: object) -> Task:
    r"""The task of a text or a conversation; whatever is malformed counts as empty.

    Example:
        >>> task_of([{"role": "user", "content": "Derive the quadratic formula"},
        ...          {"role": "user", "content": "yes"}]).text
        'Derive the quadratic formula\nyes'
    """
    if isinstance(text_or_messages, str):
        return _single(text_or_messages)
    if isinstance(text_or_messages, list):
        return _last_turn(text_or_messages)
    if isinstance(text_or_messages, Mapping):
        return _single(_content(text_or_messages))
    if not isinstance(text_or_messages, Sequence) or isinstance(text_or_messages, bytes):
        return Task("")
    return _last_turn(text_or_messages)


def _single(text: str) -> Task:
    if _is_side_call(text):
        return _SIDE_CALL
    return Task(_user_words(text))


def _last_turn(messages: Sequence[object]) -> Task:
    position, text = _user_turn(messages, len(messages))
    if position < 0:
        return Task("")
    if _is_side_call(_content(messages[position])) or _is_side_system(messages):
        return _SIDE_CALL
    if position == 0 or not is_follow_up(text):
        return Task(text)
    turns = _earlier_turns(messages, position, text)
    if not turns:
        return Task(text)
    context = "\n".join(reversed(turns))[-_CONTEXT_CHARACTERS:]
    return Task(f"{context}\n{text}", "a follow-up, read with the turns before it")


def _earlier_turns(messages: Sequence[object], position: int, text: str) -> list[str]:
    """What a follow-up continues, latest first: the offer it accepts, turns up to a full one."""
    turns: list[str] = []
    if fold(text).split()[:1] and fold(text).split()[0] in _AFFIRMATIVES:
        offer = _offer(messages, position)
        if offer:
            turns.append(offer)
    for _ in range(_LOOK_BACK):
        position, earlier = _user_turn(messages, position)
        if position < 0:
            break
        turns.append(earlier)
        if not is_follow_up(earlier):
            break
    return turns


def _offer(messages: Sequence[object], position: int) -> str:
    """The question with which the assistant's last message ends, if it does."""
    for message in reversed(messages[:position]):
        if isinstance(message, Mapping) and message.get("role") == "assistant":
            tail = _content(message)[-_OFFER_CHARACTERS:].strip()
            if not tail.endswith(("?", "？", "؟")):
                return ""
            start = max(tail.rfind(mark, 0, -1) for mark in (". ", "! ", "\n", "。", "? "))
            return tail[start + 1 :].strip()
    return ""


def _user_turn(messages: Sequence[object], before: int) -> tuple[int, str]:
    """The last user turn before a position that has words of the user's own."""
    for position in range(before - 1, -1, -1):
        message = messages[position]
        if _is_object(message) and message.get("role") == "user":
            words = _user_words(_content(message))
            if words:
                return position, words
    return -1, ""


def _content(message: object) -> str:
    """The text of a message: a string, or the text parts of a list; nothing else counts."""
    if not _is_object(message):
        return ""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        return ""
    return "\n".join(filter(None, map(_part, content)))


def _is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    # The exact type first: asking the abstract class takes 1 µs.
    return type(value) is dict or isinstance(value, Mapping)


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping) and part.get("type", "text") in ("text", "input_text"):
        text: Any = part.get("text")
        return text if isinstance(text, str) else ""
    return ""


def _user_words(text: str) -> str:
    text = text.strip()
    if text[:80].lower().startswith(harness.RETRIEVAL_FRAMES):
        text = _retrieval_question(text)
    if "<" in text:
        text = _without_blocks(text).strip()
    return text


def _without_blocks(text: str) -> str:
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
        close = text.find(f"</{tag[1]}>", tag.end())
        if close < 0:
            unclosed.add(name)  # looked for once, so that many openings stay linear
            continue
        kept.append(text[end : tag.start()])
        if is_user:
            marked.append(text[tag.end() : close])
        end = close + len(tag[1]) + 3
    if marked:
        return _without_blocks(marked[-1]) if "<" in marked[-1] else marked[-1]
    kept.append(text[end:])
    return "\n".join(piece for piece in map(str.strip, kept) if piece)


def _retrieval_question(text: str) -> str:
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter whose lower case is longer would shift positions
        return text
    start = max(
        (found + len(mark))
        for mark in harness.RETRIEVAL_QUESTIONS
        for found in (lowered.rfind(mark),)
    )
    if start < 24:
        return text
    ends = (lowered.find(mark, start) for mark in harness.RETRIEVAL_ANSWERS)
    end = min((found for found in ends if found >= 0), default=len(text))
    return text[start:end].strip() or text


def _is_side_call(text: str) -> bool:
    if len(text) < _SHORTEST_SIDE_CALL:
        return False
    if len(text) > _SIDE_CALL_HEAD + _SIDE_CALL_TAIL:
        text = f"{text[:_SIDE_CALL_HEAD]}\n{text[-_SIDE_CALL_TAIL:]}"
    return bool(_SIDE_CALLS.labels(encode(text)))


def _is_side_system(messages: Sequence[object]) -> bool:
    first = messages[0]
    return (
        _is_object(first)
        and first.get("role") in ("system", "developer")
        and _is_side_prompt(_content(first)[:_SIDE_CALL_HEAD])
    )


@lru_cache(maxsize=256)
def _is_side_prompt(text: str) -> bool:
    """Remembered: a program sends the same system prompt with every request."""
    return _is_side_call(text)


def is_follow_up(text: str) -> bool:
    """Whether a message is too short and too dependent to be judged alone."""
    if len(text) > 100:
        return False
    folded = fold(text)
    words = folded.split()
    if not words:
        return True  # "?", "…": nothing but a nudge
    if all(word in _CLOSERS for word in words):
        return False
    if not text.isascii() and len(text) <= _FOLLOW_UP_UNSPACED:
        bare = folded.strip()
        if bare.startswith(_CONTINUERS_UNSPACED):
            return True
    if len(words) <= _FOLLOW_UP_WORDS and any(
        b" " + b" ".join(words[:count]) + b" " in _CONTINUERS for count in (1, 2, 3)
    ):
        return True
    if len(words) <= _POINTING_WORDS and any(b" " + word + b" " in _POINTERS for word in words):
        return True
    return len(words) <= 2 and text.isascii()
