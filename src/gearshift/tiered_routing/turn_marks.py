"""Reads a conversation that a client has written into one text, with the marks of a chat template.

Three grammars are known: special tokens (ChatML, Llama, Mistral, Gemma …), headings (Alpaca) and
names before a colon (Vicuna, transcripts). Each has to frame the whole text, from its beginning to
its end: a question that quotes such marks is a question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from gearshift.tiered_routing.excerpt import CUT, where_few
from gearshift.tiered_routing.lexicon import chat_templates as marks
from gearshift.tiered_routing.lexicon.completions import EMPTY_MARKS

Turn = dict[str, str]

_FIRST: Final = 2
_LAST: Final = 24
_CUE: Final = 60
_MOST_SIGNS: Final = 300
_SIGNS: Final = {"token": "<[]", "heading": "#", "name": "\n>UAH"}
"""At what letters marks begin, or behind which: only there is one looked for."""

_ROLE_OF: Final = {
    name: role
    for names in (marks.TRANSCRIPT, marks.HEADINGS, marks.ROLES)
    for role, alternatives in names.items()
    for name in alternatives.split("|")
} | marks.BRACKETS


def _any_of(roles: Mapping[str, str]) -> str:
    return "|".join(roles.values())


_SEPARATED: Final = rf"(?:{'|'.join(marks.SEPARATORS)})?"
_TOKEN: Final = (
    rf"(?:{'|'.join(marks.OPENERS)}) ?(?P<named>[^\W\d][\w.]{{0,60}})"
    rf"(?: \w{{1,20}}=[^\n<]{{1,60}})?(?:[ \t]*(?:\n|\Z)|(?=<)){_SEPARATED}"
    rf"|(?:<[|｜]|\[\|)(?:im_|hy_)?(?P<piped>{_any_of(marks.ROLES)})(?:_token|_start)?(?:[|｜]>|\|\])"
    rf":?(?:\w{{1,20}}(?=<[|｜]im_middle))?{_SEPARATED}"
    rf"|(?P<bracket>\[/?(?:inst|system_prompt|available_tools|tool_calls|tool_results)\])"
)
_HEADING: Final = rf"^\#{{1,4}}[ \t]*(?P<named>{_any_of(marks.HEADINGS)})[ \t]*(?::[ \t]*|$)"
_NAME: Final = (
    rf"(?:^[ \t]{{0,20}}|(?<=>) ?)(?:\*\*|\[|<)?(?P<named>{_any_of(marks.TRANSCRIPT)})"
    r"(?:\*\*|\]|>)?[ \xa0]?[:：](?:\*\*)?"
    r"|(?<=\s)(?-i:(?P<piped>USER|ASSISTANT|HUMAN)):"
)
_GRAMMARS: Final = {
    name: re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for name, pattern in (("token", _TOKEN), ("heading", _HEADING), ("name", _NAME))
}
_SIGN: Final = {name: re.compile(f"[{re.escape(letters)}]") for name, letters in _SIGNS.items()}
_BEFORE: Final = frozenset("\n>")
_EMPTY: Final = rf"(?:\s|{'|'.join(EMPTY_MARKS)}|<\|START_OF_TURN_TOKEN\|>|\]~!b\[)"
_STARTED: Final = re.compile(_EMPTY, re.IGNORECASE)
_LEADING: Final = re.compile(rf"{_EMPTY}*+", re.IGNORECASE)
_LAST_TOKEN: Final = re.compile(
    rf"(?:{_EMPTY}|{'|'.join(marks.CLOSERS)}|<[|｜]\w{{1,40}}[|｜]>)\Z", re.IGNORECASE
)
_LONGEST_TOKEN: Final = 48
_MOST_TOKENS: Final = 4
_CLOSER: Final = re.compile(rf"(?<![`'\"])(?:{'|'.join(marks.CLOSERS)})", re.IGNORECASE)
_CLOSES: Final = re.compile(rf"(?:{'|'.join(marks.CLOSERS)})\s*\Z", re.IGNORECASE)
_SYSTEM: Final = re.compile(r"\s*<<SYS>>(.*?)<</SYS>>", re.DOTALL)
_IS_OPEN: Final = re.compile(r"\s*(?:<think>\s*(?:</think>\s*)?)?\Z")
_CUES: Final = (":", "：", "*", ">", "]", "response", "assistant", "output", "answer")
_INITIALS: Final = frozenset(
    name[0] for names in marks.TRANSCRIPT.values() for name in names.split("|")
) | frozenset("*[<")
_ABOUT_IN: Final = 600
_QUOTES: Final = frozenset("`'\"“”‘’«»")
_ABOUT: Final = re.compile(
    r"\b(?:this|these|above|below|following)\b(?! is\b)[^.\n]{0,20}\b"
    r"(?:prompts?|templates?|transcripts?|dialogs?|dialogues?|conversations?|chats?|logs?|formats?)\b",
    re.IGNORECASE,
)


class _Mark(NamedTuple):
    """A mark, and where the words behind it begin and end."""

    name: str
    start: int
    end: int
    until: int

    @property
    def role(self) -> str:
        return _ROLE_OF.get(self.name, "tool")


def turns_of(text: str) -> list[Turn] | None:
    r"""The turns of a conversation in one text, in OpenAI's shape; `None` where it is no such text.

    Example:
        >>> turns_of("<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n")
        [{'role': 'user', 'content': 'hello'}, {'role': 'assistant', 'content': ''}]
        >>> turns_of("Why does `<|im_start|>user` end up in my model's answers?")
    """
    grammar = _grammar_of(text)
    if grammar is None:
        return None
    text = where_few(text, _SIGNS[grammar], _MOST_SIGNS)
    marks_found = _marks(grammar, text)
    if not any(mark.role == "user" for mark in marks_found) or _loses_turn(text, marks_found):
        return None
    before = text[: marks_found[0].start]
    start = _LEADING.match(before)
    preamble = before[start.end() :].rstrip() if start else before
    is_marked = len(preamble) < len(before.strip())
    if preamble and not is_marked and not _may_precede(before, grammar, marks_found[0], text):
        return None
    turns = _turns(text, marks_found)
    if not _is_whole(grammar, turns, text, marks_found[-1]):
        return None
    return _with_system(turns, preamble)


def _loses_turn(text: str, matches: list[_Mark]) -> bool:
    """Whether the user's last turn may begin where the text is cut."""
    cut = text.rfind(CUT)
    roles = {mark.role for mark in matches if mark.until > cut}
    return cut >= 0 and "user" not in roles


def _grammar_of(text: str) -> str | None:
    """By which grammar a text begins, or else by which one it asks for the next answer."""
    first = text[:1]
    if first == "#":
        return "heading" if _GRAMMARS["heading"].match(text) else _grammar_of_cue(text)
    if first and first in "<[]" and (_STARTED.match(text) or _GRAMMARS["token"].match(text)):
        return "token"
    if first.lower() in _INITIALS and _GRAMMARS["name"].match(text):
        return "name"
    return _grammar_of_cue(text)


def _grammar_of_cue(text: str) -> str | None:
    tail = text[-_CUE:].rstrip()
    if not tail.lower().endswith(_CUES):
        return None
    for name in _GRAMMARS:
        matches = _matches(name, tail)
        if matches and _IS_OPEN.match(tail, matches[-1].end()):
            return name if _mark(matches[-1], 0).role == "assistant" else None
    return None


def _matches(grammar: str, text: str) -> list[re.Match[str]]:
    """Where marks stand; those in quotation marks are only spoken of."""
    pattern = _GRAMMARS[grammar]
    first = pattern.match(text)
    marks = [first] if first else []
    end = first.end() if first else 1
    for sign in _SIGN[grammar].finditer(text, end):
        position = sign.start()
        if text[position] in _BEFORE:
            position += 1
        match = pattern.match(text, position) if position >= end else None
        if match and text[position - 1] not in _QUOTES:
            marks.append(match)
            end = match.end()
    return marks


def _mark(match: re.Match[str], until: int) -> _Mark:
    name = match[match.lastgroup or 0]
    return _Mark(name.lower(), match.start(), match.end(), until)


def _marks(grammar: str, text: str) -> list[_Mark]:
    """The first marks and the last ones."""
    matches = _matches(grammar, text)
    if grammar == "name":
        matches = _of_one_spelling(matches)
    kept = matches
    if len(matches) > _FIRST + _LAST:
        kept = [*matches[:_FIRST], matches[_FIRST], *matches[-_LAST:]]
    read = list(map(_mark, kept, [*(match.start() for match in kept[1:]), len(text)]))
    if kept is not matches:
        del read[_FIRST]  # only shows where the one before it ends
    return read


def _of_one_spelling(matches: list[re.Match[str]]) -> list[re.Match[str]]:
    """Names as the first user's is spelled: others belong to a transcript that a turn quotes."""
    first = next((match for match in matches if _mark(match, 0).role == "user"), None)
    if first is None:
        return []
    is_upper = first[0].isupper()
    return [match for match in matches if match[0].isupper() is is_upper or "AI" in match[0]]


def _may_precede(prose: str, grammar: str, first: _Mark, text: str) -> bool:
    """Whether what stands before the first mark can be a system prompt, not a question about it."""
    if grammar == "token":
        # Only these have no mark of their own for a system prompt, which they follow directly.
        return text[first.start] == "<" and not prose[-1].isspace()
    if "?" in prose or "？" in prose or "؟" in prose:
        return False
    about = _ABOUT.search(prose[:_ABOUT_IN]) or _ABOUT.search(prose[-_ABOUT_IN:])
    return not about and _grammar_of_cue(text) == grammar


def _turns(text: str, matches: list[_Mark]) -> list[Turn]:
    turns: list[Turn] = []
    for mark in matches:
        words = _without_last_tokens(text[mark.end : mark.until].strip())
        if mark.name in marks.CONTINUED and turns and turns[-1]["role"] == "user":
            turns[-1]["content"] += f"\n{words}"
        elif mark.role:
            turns.append({"role": mark.role, "content": words})
    return turns


def _without_last_tokens(words: str) -> str:
    for _ in range(_MOST_TOKENS):
        start = _start_of_last_token(words)
        if start < 0:
            break
        words = words[:start].rstrip()
    return words


def _start_of_last_token(words: str) -> int:
    earliest = max(0, len(words) - _LONGEST_TOKEN)
    for letter in _SIGNS["token"]:
        start = words.rfind(letter, earliest)
        if start >= 0 and _LAST_TOKEN.match(words, start):
            return start
    return -1


def _holds_closer(words: str) -> bool:
    return any(_CLOSER.match(words, sign.start()) for sign in _SIGN["token"].finditer(words))


def _is_whole(grammar: str, turns: list[Turn], text: str, end: _Mark) -> bool:
    """Whether nothing stands behind the conversation, and the last turn is one to be answered."""
    last = turns[-1]
    roles = {turn["role"] for turn in turns}
    if grammar == "name" and not {"user", "assistant"} <= roles:
        return False
    if grammar == "heading" and len(turns) > 1 and roles == {"user"}:
        return False
    if _holds_closer(last["content"]):
        return False
    if last["role"] != "assistant" or _CLOSES.search(text, end.end):
        return True
    return _is_begun(last["content"], grammar)


def _is_begun(answer: str, grammar: str) -> bool:
    """Whether an unfinished answer is one that the client has begun, for the model to go on."""
    if not answer or answer.startswith("<think>"):
        return True
    return grammar == "token" and (not answer[0].isalnum() or len(answer.split()) <= 2)


def _with_system(turns: list[Turn], preamble: str) -> list[Turn]:
    """The turns with the system prompts that stand inside the first user's turn, or before it."""
    turns_read: list[Turn] = []
    if preamble:
        turns_read.append({"role": "system", "content": preamble})
    for turn in turns:
        inner = _SYSTEM.match(turn["content"]) if turn["role"] == "user" else None
        if inner:
            turns_read.append({"role": "system", "content": inner[1].strip()})
            turn = {"role": "user", "content": turn["content"][inner.end() :].strip()}
        turns_read.append(turn)
    return turns_read
