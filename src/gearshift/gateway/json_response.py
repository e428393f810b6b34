"""json_response: an object as the body of a 200."""

from __future__ import annotations

import orjson

from gearshift.http.values import HttpResponse
from gearshift.types import JsonObject


def json_response(value: JsonObject) -> HttpResponse:
    """A 200 with an object."""
    return HttpResponse(200, {"content-type": "application/json"}, orjson.dumps(value))
