"""Tool calls: their ids, their arguments, and which piece of a stream belongs to which call."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from gearshift.types import Json, JsonObject, Message, ToolCall
from gearshift.wire.decoding import decode_whole

_ALPHABET: Final = string.digits + string.ascii_letters
_ID_LENGTH: Final = 9
_ID_COMPLAINT: Final = re.compile(r"tool[ _]?call[ _]?ids?\b.{0,200}\b(?:length|alphanumeric)")
_ID: Final = re.compile(rf"[0-9A-Za-z]{{{_ID_LENGTH}}}")


def call_id(*names: object) -> str:
    """An id that every server takes, Mistral's too: nine letters and digits.

    The same names give the same id, so that a result finds its call in every turn.

    >>> call_id("an answer", 0)
    'SR4nyBpyB'
    """
    digest = hashlib.blake2b(repr(names).encode("utf-8", "replace"), digest_size=8).digest()
    number = int.from_bytes(digest)
    letters = []
    for _ in range(_ID_LENGTH):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


def accepted_id(given: str) -> str:
    """`given` if every server takes it; otherwise an id made of it, always the same one."""
    return given if _ID.fullmatch(given) else call_id(given)


def with_accepted_ids(message: Message) -> Message:
    """A turn whose tool calls, or whose result, have ids that every server takes."""
    calls, answered = message.get("tool_calls"), message.get("tool_call_id")
    written = dict(message)
    if calls:
        written["tool_calls"] = [
            {**call, "id": accepted_id(call["id"])} if call.get("id") else call for call in calls
        ]
    if answered:
        written["tool_call_id"] = accepted_id(answered)
    return written


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

    def is_followed_by(self, said: _Piece) -> bool:
        """Whether a piece that comes after this call's begins another one."""
        if said.id and self.id and said.id != self.id:
            # Some servers make up another id for every piece, but name only the first.
            return bool(said.name) or (bool(said.text.strip()) and self.is_complete)
        if said.id and said.id == self.id:
            return False
        if said.name and self.name:
            return said.name != self.name or (bool(said.text) and self.is_complete)
        return self.is_named_again and bool(said.text.strip())


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
        said = _piece(piece)
        call = self._candidate(said, position if siblings > 1 else None)
        if call is None or call.is_followed_by(said):
            name = call.name if call is not None and call.is_named_again else None
            call = _Begun(len(self._calls), said.label)
            self._calls.append(call)
            said = replace(said, name=said.name or name)
        elif said.name and said.id is None and not said.text and call.is_complete:
            call.is_named_again = True  # the arguments of another call may follow, or nothing
        told = ToolCall(
            call.index, None if call.id else said.id, None if call.name else said.name, said.text
        )
        call.id, call.name = call.id or said.id, call.name or said.name
        if said.text:
            call.arguments.append(said.text)
        return told

    def _candidate(self, said: _Piece, position: int | None) -> _Begun | None:
        """The call that a piece may go on with: by index, id or name, else the newest."""
        calls = self._calls
        if said.label is not None:
            labelled = [call for call in calls if call.label == said.label]
            if not labelled and (said.id or said.name):
                unlabelled = [call for call in calls if call.label is None]
                labelled = [call for call in unlabelled if said.id and call.id == said.id]
                return labelled[-1] if labelled else None
            calls = labelled or calls
        if said.id is not None:
            same = [call for call in calls if call.id == said.id]
        elif said.name is not None:
            same = [call for call in calls if call.name == said.name and not call.is_complete]
        else:
            is_by_place = position is not None and said.label is None
            same = calls[position : position + 1] if is_by_place and position is not None else []
        return same[-1] if same else calls[-1] if calls else None


@dataclass(frozen=True, slots=True)
class _Piece:
    label: int | None
    id: str | None
    name: str | None
    text: str


def _piece(piece: JsonObject) -> _Piece:
    function = piece.get("function")
    function = function if isinstance(function, dict) else {}
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
