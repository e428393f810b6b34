"""The parts of a content in Responses' shape, read into those of chats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gearshift.dialects.body import refuse
from gearshift.dialects.content import visible_text
from gearshift.dialects.images import IMAGE_TYPES, image_url
from gearshift.types import Json, JsonObject

_TEXT_TYPES: Final = ("input_text", "output_text", "text", "refusal", "summary_text")
_DETAILS: Final = ("low", "high")
_NOT_KEPT: Final = "names a file, and gearshift keeps none; send what is in it as a data URL in "


def user_content(content: Json, where: str) -> str | list[JsonObject]:
    """What a user says: a text, or text, image and file parts.

    Raises:
        RequestError: 400 naming the field.
    """
    if isinstance(content, str):
        return content
    parts = [_part(part, place) for part, place in _places(content, where)]
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return parts


def plain_content(content: Json, where: str, between: str) -> str:
    """What a system prompt or a model says: its texts.

    Args:
        content: A text, or parts that are texts.
        where: The field, for errors.
        between: What stands between two parts.

    Raises:
        RequestError: 400 naming the field.
    """
    if isinstance(content, str):
        return content
    texts = []
    for part, place in _places(content, where):
        text = visible_text(part)
        if part["type"] not in _TEXT_TYPES or text is None:
            raise refuse(place, "must be a part with a string in 'text'")
        texts.append(text)
    return between.join(texts)


def result_parts(output: Json, where: str) -> tuple[Json, list[JsonObject]]:
    """What a tool gave back: its text, and the images and files that cannot stand beside it.

    Raises:
        RequestError: 400 naming the field.
    """
    if not isinstance(output, list):
        return output, []
    parts = [_part(part, place) for part, place in _places(output, where)]
    text = "\n".join(part["text"] for part in parts if part["type"] == "text")
    return text, [part for part in parts if part["type"] != "text"]


def _places(content: Json, where: str) -> Iterator[tuple[JsonObject, str]]:
    if not isinstance(content, list):
        raise refuse(where, "must be a string or a list of parts")
    for index, part in enumerate(content):
        place = f"{where}.{index}"
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise refuse(place, "must be an object with a 'type'")
        yield part, place


def _part(part: JsonObject, where: str) -> JsonObject:
    kind = part["type"]
    if kind in _TEXT_TYPES:
        text = visible_text(part)
        if text is None:
            raise refuse(f"{where}.text", "must be a string")
        return {"type": "text", "text": text}
    if kind in IMAGE_TYPES:
        return _image(part, where)
    if kind == "input_file":
        return _file(part, where)
    if kind == "input_audio" and isinstance(part.get("input_audio"), dict):
        return {"type": kind, "input_audio": part["input_audio"]}
    raise refuse(
        f"{where}.type",
        f"is {kind[:40]!r}; it must be one of input_text, input_image, input_file, input_audio",
    )


def _image(part: JsonObject, where: str) -> JsonObject:
    url = image_url(part)
    if url is None:
        if part.get("file_id"):
            raise refuse(f"{where}.file_id", f"{_NOT_KEPT}'image_url'")
        raise refuse(f"{where}.image_url", "must be a string: a data URL, or a web address")
    image = {"url": url}
    if part.get("detail") in _DETAILS:
        image["detail"] = part["detail"]
    return {"type": "image_url", "image_url": image}


def _file(part: JsonObject, where: str) -> JsonObject:
    """A file as chats have it, which only some servers take."""
    data = part.get("file_data")
    if not isinstance(data, str):
        for name in ("file_id", "file_url"):
            if part.get(name):
                raise refuse(f"{where}.{name}", f"{_NOT_KEPT}'file_data'")
        raise refuse(f"{where}.file_data", "must be a string: a data URL")
    file = {"file_data": data}
    if isinstance(part.get("filename"), str):
        file["filename"] = part["filename"]
    return {"type": "file", "file": file}
