"""Which words of a conversation are scored: the user's last turn, without what harnesses add."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeGuard

from gearshift.tiered_routing.attachments import without_attachments
from gearshift.tiered_routing.excerpt import CUT, HEAD, TAIL, excerpt
from gearshift.tiered_routing.fill_in_the_middle import is_gap_to_fill
from gearshift.tiered_routing.harness_blocks import without_blocks
from gearshift.tiered_routing.lexicon import followups, harness
from gearshift.tiered_routing.side_calls import is_side_call, is_side_prompt
from gearshift.tiered_routing.text import fold
from gearshift.tiered_routing.turn_marks import turns_of

_MOST_PARTS: Final = 64
_MOST_WORDLESS: Final = 100_000
_SYSTEM_HEAD: Final = 700
_LOOK_BACK: Final = 3
_LONGEST_FOLLOW_UP: Final = 100
_FOLLOW_UP_WORDS: Final = 9
_FOLLOW_UP_UNSPACED: Final = 14
_POINTING_WORDS: Final = 14
_OFFER_CHARACTERS: Final = 2_000
_QUESTION_CHARACTERS: Final = 400
_CHOICE: Final = re.compile(r"\W{0,3}(?:option |number |no\. ?)?(\d{1,2}|[a-hA-H])\W{0,3}")
_UNSPACED_SCRIPTS: Final = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_UNSPACED_WORD: Final = 4
_CONTEXT_CHARACTERS: Final = 6_000
_OF_MARKS: Final = re.compile(r"[<\[\]{#:：]")
"""Every mark of a chat template and of a gap has one of these."""


def _words(text: str) -> frozenset[bytes]:
    return frozenset(fold(entry) for entry in text.split(",") if entry.strip())


_CONTINUERS: Final = _words(followups.CONTINUERS)
_CONTINUERS_UNSPACED: Final = tuple(word.strip() for word in _words(followups.CONTINUERS_UNSPACED))
_AGREED: Final = frozenset(word.strip() for word in _words(followups.AGREED))
_POINTERS: Final = _words(followups.POINTERS)
_CLOSERS: Final = frozenset(word.strip() for word in _words(followups.CLOSERS))
_AFFIRMATIVES: Final = frozenset(word.strip() for word in _words(followups.AFFIRMATIVES))


class ScoredText(NamedTuple):
    """What is to be scored.

    Attributes:
        text: The user's words: the last turn, behind the turns that a follow-up continues.
        note: One phrase for `reasoning`; empty when there is nothing to say.
        leans: The last message may not stand for itself: other turns decide what is scored.
        truncated: The middle of a long message was not read.
    """

    text: str
    note: str = ""
    leans: bool = False
    truncated: bool = False


SIDE_CALL_NOTE: Final = "a front end's side call"
_SIDE_CALL: Final = ScoredText("", SIDE_CALL_NOTE)
_GAP: Final = ScoredText("", "an editor's side call: a gap to fill in")


def task_of(text_or_messages: object) -> ScoredText:
    r"""The task of a text or a conversation; whatever is malformed counts as empty.

    A text that holds a whole conversation, with the marks of a chat template, is read as one.

    Example:
        >>> task_of([{"role": "user", "content": "Derive the quadratic formula"},
        ...          {"role": "user", "content": "yes"}]).text
        'Derive the quadratic formula\nyes'
    """
    if isinstance(text_or_messages, str):
        return _task_of_turns(({"role": "user", "content": text_or_messages},))
    if isinstance(text_or_messages, list):
        return _task_of_turns(text_or_messages)
    if isinstance(text_or_messages, Mapping):
        return _task_of_turns(({"role": "user", "content": _content(text_or_messages)},))
    if not isinstance(text_or_messages, Sequence) or isinstance(text_or_messages, bytes):
        return ScoredText("")
    return _task_of_turns(text_or_messages)


def _task_of_turns(messages: Sequence[object], *, may_be_flat: bool = True) -> ScoredText:
    position, content, text = _user_turn(messages, len(messages))
    if position < 0:
        return ScoredText("", leans=len(messages) > 1)
    if _OF_MARKS.search(content):
        marked = _marked_task(content, messages, may_be_flat=may_be_flat)
        if marked is not None:
            return marked
    if is_side_call(content) or (position and _is_side_system(messages)):
        return _SIDE_CALL
    leans = position < len(messages) - 1
    if not position:
        # Alone; had it been short behind others, it might have leaned on them.
        leans = leans or len(text) <= _LONGEST_FOLLOW_UP
        return ScoredText(text, leans=leans, truncated=CUT in text)
    if not is_follow_up(text):
        return ScoredText(text, leans=leans, truncated=CUT in text)
    turns = _earlier_turns(messages, position, text)
    if not turns:
        return ScoredText(text, leans=True)
    context = "\n".join(reversed(turns))[-_CONTEXT_CHARACTERS:]
    return ScoredText(
        f"{context}\n{text}", "a follow-up, read with the turns before it", leans=True
    )


def _marked_task(
    content: str, messages: Sequence[object], *, may_be_flat: bool
) -> ScoredText | None:
    """The task of a text that marks frame: around a gap, or the turns of a conversation."""
    if is_gap_to_fill(content):
        return _GAP
    flat = turns_of(content.strip()) if may_be_flat else None
    if flat is None:
        return None
    # What stood before is in the text, or of no account: clients do one or the other.
    system = messages[:1] if _is_system(messages[0]) else []
    return _task_of_turns([*system, *flat], may_be_flat=False)._replace(leans=False)


def _earlier_turns(messages: Sequence[object], position: int, text: str) -> list[str]:
    """What a follow-up continues, latest first: the offer it accepts, turns up to a full one."""
    turns: list[str] = []
    offer = _offer(messages, position, text)
    if offer:
        turns.append(offer)
    for _ in range(_LOOK_BACK):
        position, _, earlier = _user_turn(messages, position)
        if position < 0:
            break
        turns.append(earlier)
        if not is_follow_up(earlier):
            break
    return turns


def _offer(messages: Sequence[object], position: int, answer: str) -> str:
    """What the assistant's last message offers, if the answer takes it up."""
    choice = _CHOICE.fullmatch(answer)
    words = fold(answer).split()
    if not choice and not (words and words[0] in _AFFIRMATIVES):
        return ""
    for message in reversed(messages[:position]):
        if _is_object(message) and message.get("role") == "assistant":
            content = _content(message)[-_OFFER_CHARACTERS:].strip()
            return _choice(content, choice[1]) if choice else _last_question(content)
    return ""


def _choice(text: str, label: str) -> str:
    """The line that begins with a number or a letter of a list."""
    lines = re.findall(rf"(?im)^[\s*(\[-]{{0,8}}{label}[.):\]*].{{0,300}}", text)
    return str(lines[-1]).strip() if lines else ""


def _last_question(text: str) -> str:
    """The question with which a message ends, if it does."""
    tail = text[-_QUESTION_CHARACTERS:]
    if not tail.endswith(("?", "？", "؟")):
        return ""
    start = max(tail.rfind(mark, 0, -1) for mark in (". ", "! ", "\n", "。", "? "))
    return tail[start + 1 :].strip()


def _user_turn(messages: Sequence[object], before: int) -> tuple[int, str, str]:
    """The last user turn before a position that has words of the user's own, and these."""
    wordless = 0
    for position in range(before - 1, -1, -1):
        message = messages[position]
        if _is_object(message) and message.get("role") == "user":
            content = _content(message)
            words = _user_words(content)
            if words:
                return position, content, words
            wordless += len(content)
            if wordless > _MOST_WORDLESS:
                break
    return -1, "", ""


def _content(message: object) -> str:
    """The text of a message: a string, or the text parts of a list; nothing else counts.

    Of a long one what scoring reads.
    """
    if not _is_object(message):
        return ""
    content = message.get("content")
    if isinstance(content, str):
        return content if len(content) <= HEAD + TAIL else excerpt(content)
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        return ""
    if len(content) > 2 * _MOST_PARTS:
        content = (*content[:_MOST_PARTS], *content[-_MOST_PARTS:])
    return excerpt("\n".join(filter(None, map(_part, content))))


def _is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    # The exact type first: asking the abstract class takes 1 µs.
    return type(value) is dict or isinstance(value, Mapping)


def _part(part: object) -> str:
    if isinstance(part, str):
        return excerpt(part)
    if isinstance(part, Mapping) and part.get("type", "text") in ("text", "input_text"):
        text: Any = part.get("text")
        return excerpt(text) if isinstance(text, str) else ""
    return ""


def _user_words(text: str) -> str:
    text = without_attachments(text).strip()
    head = text[:80].lower()
    if head.startswith(harness.RETRIEVAL_FRAMES):
        text = _retrieval_question(text)
    elif head.startswith(harness.RULES_FRAME):
        text = text.rpartition(harness.RULES_END)[2].strip()
    if "<" in text:
        text = without_blocks(text).strip()
    return text


def _retrieval_question(text: str) -> str:
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter whose lower case is longer would shift positions
        return text
    start = max(
        (position + len(mark))
        for mark in harness.RETRIEVAL_QUESTIONS
        for position in (lowered.rfind(mark),)
    )
    if start < 24:
        return text
    ends = (lowered.find(mark, start) for mark in harness.RETRIEVAL_ANSWERS)
    end = min((position for position in ends if position >= 0), default=len(text))
    return text[start:end].strip() or text


def _is_side_system(messages: Sequence[object]) -> bool:
    first = messages[0]
    return _is_system(first) and is_side_prompt(_content(first)[:_SYSTEM_HEAD])


def _is_system(message: object) -> bool:
    return _is_object(message) and message.get("role") in ("system", "developer")


def is_follow_up(text: str) -> bool:
    """Whether a message is too short and too dependent to be judged alone."""
    if len(text) > _LONGEST_FOLLOW_UP:
        return False
    folded = fold(text)
    words = folded.split()
    if not any(map(str.isalnum, text)):
        return followups.CLOSING_SIGNS.isdisjoint(text)  # "?", "…", a thumb: but a nudge
    if len(words) == 1 and words[0] in _AGREED:
        return True
    if all(word in _CLOSERS for word in words):
        return False
    return _leans(folded, words) or _is_a_word_or_two(text, words)


def _leans(folded: bytes, words: list[bytes]) -> bool:
    """Whether a message begins as a continuation, or points back at something."""
    if not folded.isascii() and len(folded.decode("utf-8", "replace")) <= _FOLLOW_UP_UNSPACED + 2:
        bare = folded.strip()
        if bare.startswith(_CONTINUERS_UNSPACED):
            return True
    if len(words) <= _FOLLOW_UP_WORDS and any(
        b" " + b" ".join(words[:count]) + b" " in _CONTINUERS for count in (1, 2, 3)
    ):
        return True
    return len(words) <= _POINTING_WORDS and any(b" " + word + b" " in _POINTERS for word in words)


def _is_a_word_or_two(text: str, words: list[bytes]) -> bool:
    """Scripts without spaces have several words in as many letters as others have in one."""
    if not text.isascii() and _UNSPACED_SCRIPTS.search(text):
        return sum(map(str.isalnum, text)) <= _UNSPACED_WORD
    return len(words) <= 2
