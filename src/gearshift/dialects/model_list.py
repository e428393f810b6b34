"""Lists of models, in whatever shape a server has them."""

from __future__ import annotations

from typing import Final

from gearshift.types import Json, JsonObject

_LISTS: Final = ("data", "models", "model_list", "results")
_NAMES: Final = ("id", "name", "model")


def listed_models(document: Json, names: tuple[str, ...] = _NAMES) -> dict[str, JsonObject]:
    """What a list says of each model, by its name.

    Args:
        document: An object with `data` (OpenAI's) or `models` (Ollama's), or a bare list; of
            objects or of names. What is none of these is passed over.
        names: Where the name of a model stands, the first of them that is there.

    >>> listed_models({"models": [{"name": "a"}, "b", None]})
    {'a': {'name': 'a'}, 'b': {}}
    """
    models: dict[str, JsonObject] = {}
    for entry in _entries(document):
        if isinstance(entry, str):
            name, facts = entry, {}
        elif isinstance(entry, dict):
            given = (entry.get(key) for key in names)
            name, facts = next((v for v in given if isinstance(v, str) and v), ""), entry
        else:
            continue
        if name:
            models.setdefault(name, facts)
    return models


def has_list(document: Json) -> bool:
    """Whether there is a list at all, be it an empty one.

    >>> has_list({"data": []}), has_list({"data": None}), has_list({"status": "ok"})
    (True, False, False)
    """
    if not isinstance(document, dict):
        return isinstance(document, list)
    return any(has_list(document[key]) for key in _LISTS if isinstance(document.get(key), list))


def _entries(document: Json, depth: int = 2) -> list[Json]:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict) or not depth:
        return []
    lists = (_entries(document[key], depth - 1) for key in _LISTS if key in document)
    return next((entries for entries in lists if entries), [])
