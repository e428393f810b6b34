"""What a client dialect brings to the data plane: its routes, errors and description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gearshift.types import JsonObject, Operation

UPSTREAM_STATUSES: Final = (404, 422, 429, 502, 503, 504)
"""What a request that goes to an upstream may be answered with, beside the errors of all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the OpenAPI document says of one route, beside its errors.

    Attributes:
        summary: What it does.
        answer: Content type → schema of the answer.
        body: Name of the schema of the request's body; `""` where it has none.
        statuses: Errors of its own, beside those of every request.
        is_routed: Whether its answers carry the decision in headers.
        takes_load: Some requests only load a model (`ChatRequest.loads_model`); their answers
            carry no decision.
        status: Of the answer.
        also: Other statuses that have the same body, each with what it means.
        takes_file: The request's body is a file instead of JSON.
        names: What stands for the `*` of a path: its name, what it is, and its schema.
        parameters: Of the query and the headers, as OpenAPI describes them.
        also_speaks: A dialect whose clients ask here too, and are told in its words what is wrong
            with their question.
    """

    summary: str
    answer: JsonObject
    body: str = ""
    statuses: tuple[int, ...] = ()
    is_routed: bool = False
    takes_load: bool = False
    status: int = 200
    also: Mapping[int, str] = field(default_factory=dict)
    takes_file: bool = False
    names: tuple[str, str, JsonObject] = (
        "model",
        "A name from the list of models; it may hold slashes and colons.",
        {"type": "string", "minLength": 1},
    )
    parameters: tuple[JsonObject, ...] = ()
    also_speaks: str = ""


@dataclass(frozen=True, slots=True)
class ClientRoute:
    """One method and path.

    Attributes:
        path: Begins with `/`; one that ends in `/*` holds for every name in that place.
        answers: The operation that is asked for. Or, as `module:function`, an endpoint of the
            gateway, for what a wire format alone cannot know, such as which models there are.
        entry: Its description.
        is_open: Needs no API key.
        changes_models: It changes the upstreams' models, which not everybody may.
        streams_body: The endpoint reads the body as it comes, of whatever size.
    """

    method: str
    path: str
    answers: Operation | str
    entry: Entry
    is_open: bool = False
    changes_models: bool = False
    streams_body: bool = False


@dataclass(frozen=True, slots=True)
class ClientApi:
    """All that the data plane has to know of a client dialect beside how it reads and writes.

    Attributes:
        routes: What may be asked.
        error_schema: Name of the schema of its errors.
        schemas: JSON Schemas by name, for the document's `components`. Those that several dialects
            need (`dialects/schema.py`) may be given by each.
        rejection_schemas: Names of further schemas that an upstream's own words may have where
            they are passed back.
        statuses: Those of its errors that other dialects do not have, each with what it means.
        prefixes: Unknown paths that begin so are refused in this dialect. Its own paths always are.
        unavailable: Paths of the API that are not available in this version of gearshift, and what
            to do instead: clients that probe them learn that from the error. One that ends in
            `/*` stands for all below that have no route.
        header: One that all its clients send, by which they are known at paths of other dialects.
        models_path: Where its clients find the names of models; told to whoever is lost.
        load: Endpoint for requests with `loads_model`, as `module:function`; called with the
            gateway's context and the request.
    """

    routes: tuple[ClientRoute, ...]
    error_schema: str
    schemas: Mapping[str, JsonObject]
    rejection_schemas: tuple[str, ...] = ()
    statuses: Mapping[int, str] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()
    unavailable: Mapping[str, str] = field(default_factory=dict)
    header: str = ""
    models_path: str = ""
    load: str = ""


def model_answer(
    summary: str,
    body: str,
    whole: JsonObject,
    stream: tuple[str, JsonObject],
    *,
    content_type: str = "application/json",
    takes_load: bool = False,
) -> Entry:
    """The entry of a route that a model answers.

    Args:
        summary: What it does.
        body: Name of the schema of the request's body.
        whole: Schema of a whole answer.
        stream: Content type and schema of a streamed one.
        content_type: Of a whole one.
        takes_load: As in `Entry`.
    """
    content = {content_type: whole, stream[0]: stream[1]}
    return Entry(summary, content, body, UPSTREAM_STATUSES, is_routed=True, takes_load=takes_load)
