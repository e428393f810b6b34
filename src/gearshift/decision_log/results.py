"""Rows of an answer as plain objects, which can be written as JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Result

from gearshift.types import JsonObject


def objects(result: Result[Any]) -> list[JsonObject]:
    """All rows, by the names of their columns.

    The names that SQLAlchemy gives are of a kind of its own, which orjson refuses as keys.
    """
    names = list(map(str, result.keys()))
    return [dict(zip(names, row, strict=True)) for row in result]
