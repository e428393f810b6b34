"""Requests that change which models an Ollama has, read as far as gearshift has to know them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gearshift.dialects.body import (
    FLAG,
    OBJECT,
    OBJECTS,
    TEXT,
    TEXTS,
    Rule,
    check_fields,
    decode_object,
    either,
    encode,
    refuse,
)
from gearshift.dialects.ollama.names import with_plain_names
from gearshift.types import JsonObject


class ChangeKind(StrEnum):
    """What is asked for; also the last part of its path."""

    PULL = "pull"
    PUSH = "push"
    CREATE = "create"
    COPY = "copy"
    DELETE = "delete"


_RULES: Final[dict[str, Rule]] = {
    "model": TEXT,
    "name": TEXT,
    "source": TEXT,
    "destination": TEXT,
    "from": TEXT,
    "stream": FLAG,
    "insecure": FLAG,
    "quantize": TEXT,
    "files": OBJECT,
    "adapters": OBJECT,
    "template": TEXT,
    "license": either(TEXT, TEXTS),
    "system": TEXT,
    "parameters": OBJECT,
    "messages": OBJECTS,
}
_WITH_PROGRESS: Final = frozenset({ChangeKind.PULL, ChangeKind.PUSH, ChangeKind.CREATE})


@dataclass(frozen=True, slots=True)
class ModelChange:
    """One such request.

    Attributes:
        kind: What is to be done.
        model: With which model; of a copy, the source.
        names: Every name that stands for a model here.
        body: All of it, with its fields in small letters: what is read is what is sent.
        base: The model that a new one is made from, if it is made from one.
        has_progress: The answer is a line for each step, unless `wants_stream` is false.
        wants_stream: Whether the client wants those lines.
    """

    kind: ChangeKind
    model: str
    names: tuple[str, ...]
    body: JsonObject
    base: str = ""
    has_progress: bool = False
    wants_stream: bool = False

    def written(self) -> bytes:
        """The body to send: with progress, also where the client waits for the end of it.

        Then silence means that nothing happens any more.
        """
        return encode({**self.body, "stream": True} if self.has_progress else self.body)


def read_change(kind: ChangeKind, raw: bytes) -> ModelChange:
    """A request that changes models.

    Raises:
        RequestError: 400 naming the field.
    """
    body = with_plain_names(decode_object(raw))
    check_fields(body, _RULES)
    if kind is ChangeKind.COPY:
        names = tuple(_named(body, field) for field in ("source", "destination"))
        return ModelChange(kind, names[0], names, body)
    name = body.get("model") or _named(body, "model", body.get("name"))
    is_stream = kind in _WITH_PROGRESS
    base = body.get("from") or "" if kind is ChangeKind.CREATE else ""
    return ModelChange(
        kind,
        name,
        (name,),
        body,
        base=base,
        has_progress=is_stream,
        wants_stream=is_stream and body.get("stream") is not False,
    )


def _named(body: JsonObject, field: str, instead: str | None = None) -> str:
    name: str = body.get(field) or instead or ""
    if not name:
        raise refuse(field, "is missing; it must be the name of a model")
    return name
