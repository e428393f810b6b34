"""The Responses API as the data plane has it."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.client_api import ClientApi, ClientRoute, model_answer
from gearshift.dialects.responses.schemas import SCHEMAS
from gearshift.dialects.schema import ref
from gearshift.types import Operation

_BASES: Final = ("/v1", "")
_EVENTS: Final = ("text/event-stream", ref("ResponseEvent"))
_ENTRY: Final = model_answer("Answer items", "ResponseRequest", ref("Response"), _EVENTS)

API: Final = ClientApi(
    routes=tuple(
        ClientRoute("POST", f"{base}/responses", Operation.CHAT, _ENTRY) for base in _BASES
    ),
    error_schema="OpenAIError",
    rejection_schemas=("UpstreamRefusal",),
    schemas=SCHEMAS,
    prefixes=tuple(f"{base}/responses/" for base in _BASES),
    unavailable=frozenset(f"{base}/responses/*" for base in _BASES),
)
