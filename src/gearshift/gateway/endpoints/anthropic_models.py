"""The list of models as Anthropic has it, for clients that speak Anthropic; in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs

from gearshift.catalog.served_models import ServedModel
from gearshift.dialects.anthropic.api import API
from gearshift.errors import RequestError
from gearshift.http.values import HttpRequest
from gearshift.types import JsonObject

_USUAL: Final = 20
_MOST: Final = 1_000
_CREATED: Final = "2026-01-01T00:00:00Z"  # clients want a time; upstreams rarely say


def speaks_anthropic(received: HttpRequest) -> bool:
    """Whether the client is one of Anthropic's: all of them say which version they speak."""
    return API.header in received.headers


def page_of(models: Sequence[ServedModel], query: str) -> JsonObject:
    """The page that a query asks for, with `limit`, and `after_id` or `before_id`.

    Raises:
        RequestError: 400 naming the parameter.
    """
    given = {name: values[-1] for name, values in parse_qs(query).items()}
    limit = _limit(given.get("limit"))
    names = [model.name for model in models]
    start, end = 0, len(names)
    if "after_id" in given:
        start = _place(given["after_id"], names, "after_id") + 1
    if "before_id" in given:
        end = _place(given["before_id"], names, "before_id")
    shown = range(start, end)
    is_backwards = "before_id" in given and "after_id" not in given
    page = shown[-limit:] if is_backwards else shown[:limit]
    data = [entry_of(models[place]) for place in page]
    return {
        "data": data,
        "has_more": len(page) < len(shown),
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def entry_of(served: ServedModel) -> JsonObject:
    """One model."""
    return {
        "type": "model",
        "id": served.name,
        "display_name": served.name,
        "created_at": _CREATED,
    }


def _limit(text: str | None) -> int:
    if text is None:
        return _USUAL
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _MOST:
        raise RequestError(
            f"'limit' must be a whole number from 1 to {_MOST}, but it is {text[:40]!r}.",
            field="limit",
        )
    return int(text)


def _place(name: str, names: Sequence[str], parameter: str) -> int:
    if name not in names:
        raise RequestError(
            f"'{parameter}' must be the id of a model, but it is {name[:200]!r}.", field=parameter
        )
    return names.index(name)
