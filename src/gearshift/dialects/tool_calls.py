"""Tool calls: their ids, their arguments, and which piece of a stream belongs to which call."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from gearshift.dialects.decoding import decode_whole
from gearshift.types import Json, JsonObject, Message, ToolCall

_ALPHABET: Final = string.digits + string.ascii_letters
_ID_LENGTH: Final = 9
_ID_COMPLAINT: Final = re.compile(
    r"tool[ _]?call[ _]?ids?\b.{0,200}\b(?:length|alphanumeric)|duplicate tool[ _]?call"
)
STRICTEST_ID: Final = re.compile(rf"[0-9A-Za-z]{{{_ID_LENGTH}}}")
"""Mistral's, which all others take."""


def call_id(*names: object) -> str:
    """An id that every server takes, Mistral's too: nine letters and digits.

    The same names give the same id, so that a result finds its call in every turn.

    >>> call_id("an answer", 0)
    'YFeV6wC24'
    """
    digest = hashlib.blake2b(repr(names).encode("utf-8", "replace"), digest_size=8).digest()
    number = int.from_bytes(digest)
    letters = []
    for _ in range(_ID_LENGTH):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


def accepted_id(given: str, form: re.Pattern[str] = STRICTEST_ID) -> str:
    """`given` if it has the form; otherwise an id made of it that every server takes."""
    return given if form.fullmatch(given) else call_id(given)


class OpenCalls:
    """What stands for the calls of a conversation until their results come, by the calls' ids.

    Some servers begin with the same ids in every turn, or give one to several calls.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, list[str]] = {}

    def begin(self, turn: Sequence[tuple[str, str]]) -> None:
        """The ids of a turn's calls with what stands for them; earlier calls lose those ids."""
        self._by_id.update({given: [] for given, _ in turn})
        for given, stand_in in turn:
            self._by_id[given].append(stand_in)

    def answered(self, given: str) -> str | None:
        """What stands for the call that a result with this id answers."""
        calls = self._by_id.get(given)
        return (calls.pop(0) if len(calls) > 1 else calls[0]) if calls else None


def with_accepted_ids(
    messages: Sequence[Message], form: re.Pattern[str] = STRICTEST_ID
) -> list[Message]:
    """A conversation whose calls and results have ids that a server takes, each but once.

    Args:
        messages: The conversation.
        form: Of the ids that the server takes.
    """
    free_ids, open_calls = _FreeIds(form), OpenCalls()
    return [_with_accepted_ids(message, free_ids, open_calls, form) for message in messages]


def _with_accepted_ids(
    message: Message, free_ids: _FreeIds, open_calls: OpenCalls, form: re.Pattern[str]
) -> Message:
    written = dict(message)
    if calls := message.get("tool_calls"):
        given = [call.get("id") or "" for call in calls]
        ids = [free_ids.next_for(given_id) for given_id in given]
        open_calls.begin(list(zip(given, ids, strict=True)))
        written["tool_calls"] = [
            {**call, "id": its_id} for call, its_id in zip(calls, ids, strict=True)
        ]
    if message.get("role") == "tool":
        answered = message.get("tool_call_id") or ""
        if its_id := open_calls.answered(answered) or (answered and accepted_id(answered, form)):
            written["tool_call_id"] = its_id
    return written


class _FreeIds:
    """Ids of a form, each but once, also where thousands of calls have the same one."""

    def __init__(self, form: re.Pattern[str]) -> None:
        self._form = form
        self._taken: set[str] = set()
        self._tries: dict[str, int] = {}

    def next_for(self, given: str) -> str:
        """`given` or what is made of it, whichever is not taken."""
        candidate = accepted_id(given, self._form)
        while candidate in self._taken:
            self._tries[given] = self._tries.get(given, 0) + 1
            candidate = call_id(given, self._tries[given])
        self._taken.add(candidate)
        return candidate


def is_call_id_error(message: str) -> bool:
    """Whether an upstream's message complains of ids, which `with_accepted_ids` cures.

    >>> is_call_id_error("Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.")
    True
    """
    return _ID_COMPLAINT.search(message.lower()) is not None


def arguments_text(arguments: Json) -> str:
    """The arguments of a tool call as JSON text, as OpenAI has them."""
    if isinstance(arguments, str):
        return arguments
    try:
        return orjson.dumps(arguments or {}).decode()
    except orjson.JSONEncodeError:  # nested deeper than any function's
        return "{}"


def arguments_object(arguments: Json) -> JsonObject | None:
    """The same as an object, as Ollama has them; `None` if it is none (cut off, a list …).

    >>> arguments_object('{"a":1}'), arguments_object(""), arguments_object('{"a":')
    ({'a': 1}, {}, None)
    """
    for _ in range(2):  # some models write JSON in a JSON string
        if not isinstance(arguments, str):
            break
        if not arguments.strip():
            return {}
        try:
            arguments = decode_whole(arguments.encode("utf-8", "surrogatepass"))
        except ValueError:
            return None
    if arguments is None:
        return {}
    return arguments if isinstance(arguments, dict) else None


def call_in_words(name: str | None, arguments: Json) -> str:
    """A call that cannot be told as one, in the words that models have for calls."""
    called = orjson.dumps(name or "").decode()
    return f'{{"name": {called}, "arguments": {arguments_text(arguments)}}}'


@dataclass(slots=True)
class _Begun:
    """A call of which pieces have come."""

    index: int
    label: int | None
    id: str | None = None
    name: str | None = None
    arguments: list[str] = field(default_factory=list)
    is_named_again: bool = False

    @property
    def is_complete(self) -> bool:
        if not self.arguments or not self.arguments[-1].rstrip().endswith("}"):
            return False
        return arguments_object("".join(self.arguments)) is not None

    def is_followed_by(self, piece: _Piece) -> bool:
        """Whether a piece that comes after this call's begins another one."""
        if piece.id and self.id and piece.id != self.id:
            # Some servers make up another id for every piece, but name only the first.
            return bool(piece.name) or (bool(piece.text.strip()) and self.is_complete)
        is_another_name = bool(piece.name and self.name and piece.name != self.name)
        if piece.id and piece.id == self.id:
            return is_another_name and self.is_complete
        if is_another_name:
            return not self.is_named_on_by(piece)
        if piece.name and self.name:
            return bool(piece.text) and self.is_complete
        return self.is_named_again and bool(piece.text.strip())

    def rest_of_name(self, piece: _Piece) -> str:
        """What a piece adds to the name, which some servers repeat and some send in parts."""
        if not piece.name or (self.name and not self.is_named_on_by(piece)):
            return ""
        return piece.name.removeprefix(self.name or "")

    def is_named_on_by(self, piece: _Piece) -> bool:
        """Whether a piece goes on with the name: before any arguments, under the call's own label.

        A server that gives calls ids would give another call one.
        """
        is_same = piece.id == self.id or (piece.id is None and piece.label == self.label)
        return self.id is not None and is_same and not self.arguments


class CallPieces:
    """Numbers the tool calls of one stream, however its server labels their pieces.

    Some servers repeat the index 0 for every call, some leave it out, some repeat id and name in
    every piece. Another id, or a name after complete arguments, begins another call.
    """

    def __init__(self) -> None:
        self._calls: list[_Begun] = []

    def read(self, pieces: Sequence[JsonObject]) -> tuple[ToolCall, ...]:
        """The pieces of one event, each with the number of its call; a name comes only once."""
        return tuple(self._read(piece, i, len(pieces)) for i, piece in enumerate(pieces))

    def _read(self, piece: JsonObject, position: int, siblings: int) -> ToolCall:
        part = _piece(piece)
        call = self._candidate(part, position if siblings > 1 else None)
        if call is None or call.is_followed_by(part):
            name = call.name if call is not None and call.is_named_again else None
            call = _Begun(len(self._calls), part.label)
            self._calls.append(call)
            part = replace(part, name=part.name or name)
        elif part.name and part.id is None and not part.text and call.is_complete:
            call.is_named_again = True  # the arguments of another call may follow, or nothing
        name = call.rest_of_name(part)
        call_part = ToolCall(call.index, None if call.id else part.id, name or None, part.text)
        call.id, call.name = call.id or part.id, f"{call.name or ''}{name}" or None
        if part.text:
            call.arguments.append(part.text)
        return call_part

    def _candidate(self, part: _Piece, position: int | None) -> _Begun | None:
        """The call that a piece may go on with: by index, id or name, else the newest."""
        calls = self._calls
        if part.label is not None:
            labelled = [call for call in calls if call.label == part.label]
            if not labelled and (part.id or part.name):
                unlabelled = [call for call in calls if call.label is None]
                labelled = [call for call in unlabelled if part.id and call.id == part.id]
                return labelled[-1] if labelled else None
            calls = labelled or calls
        if part.id is not None:
            same = [call for call in calls if call.id == part.id]
        elif part.name is not None:
            same = [call for call in calls if call.name == part.name and not call.is_complete]
        else:
            is_by_place = position is not None and part.label is None
            same = calls[position : position + 1] if is_by_place and position is not None else []
        return same[-1] if same else calls[-1] if calls else None


@dataclass(frozen=True, slots=True)
class _Piece:
    label: int | None
    id: str | None
    name: str | None
    text: str


def pieces_in(message: JsonObject) -> list[JsonObject]:
    """The tool calls of a message, or their pieces; some servers send a single one without a list.

    >>> pieces_in({"tool_calls": {"id": "a"}}), pieces_in({"tool_calls": [None]})
    ([{'id': 'a'}], [])
    """
    given = message.get("tool_calls")
    pieces = given if isinstance(given, list) else [given]
    return [piece for piece in pieces if isinstance(piece, dict)]


def function_of(piece: JsonObject) -> JsonObject:
    """A call's name and arguments; some servers leave out the object around them."""
    function = piece.get("function")
    if isinstance(function, dict):
        return function
    return {key: piece[key] for key in ("name", "arguments") if key in piece}


def _piece(piece: JsonObject) -> _Piece:
    function = function_of(piece)
    label, call_id_, name = piece.get("index"), piece.get("id"), function.get("name")
    arguments = function.get("arguments")
    if isinstance(arguments, dict):  # some servers answer as Ollama does
        arguments = arguments_text(arguments)
    return _Piece(
        label=label if isinstance(label, int) and not isinstance(label, bool) else None,
        id=call_id_ if isinstance(call_id_, str) and call_id_ else None,
        name=name if isinstance(name, str) and name else None,
        text=arguments if isinstance(arguments, str) else "",
    )
