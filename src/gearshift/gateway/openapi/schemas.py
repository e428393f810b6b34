"""JSON Schemas of what gearshift's own endpoints take and give."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.schema import (
    MAYBE_TEXT,
    NUMBER,
    TEXT,
    list_of,
    object_of,
    or_null,
    ref,
)
from gearshift.types import JsonObject

_DECISION: Final[JsonObject] = {
    "id": {**TEXT, "pattern": "^dec-[0-9a-f]{24}$"},
    "time": NUMBER,
    "tier": TEXT,
    "model": TEXT,
    "upstream": TEXT,
    "provider": TEXT,
    "score": or_null("number", minimum=0, maximum=10),
    "factors": ref("Factors"),
    "contributions": {**ref("Factors"), "description": "They add up to the score."},
    "reason": TEXT,
    "cause": TEXT,
    "scorer": TEXT,
    "scorer_version": TEXT,
    "threshold": NUMBER,
    "config_hash": TEXT,
    "session": MAYBE_TEXT,
    "propensity": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "fallback": MAYBE_TEXT,
    "arms": MAYBE_TEXT,
    "sample_rate": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1},
    "movable": {"type": "boolean"},
}
_ANTHROPIC_MODEL: Final = object_of(
    ("type", "id", "display_name", "created_at"),
    type={"const": "model"},
    id=TEXT,
    display_name=TEXT,
    created_at=TEXT,
)

SCHEMAS: Final[JsonObject] = {
    "Factors": {
        "type": "object",
        "description": "By factor: length, code, technical, multi_step, question. Empty where "
        "nothing was scored.",
        "additionalProperties": NUMBER,
    },
    "Decision": object_of(tuple(_DECISION), **_DECISION),
    "Feedback": object_of(
        ("decision_id", "verdict"),
        decision_id={"type": "string", "minLength": 1, "maxLength": 40, "pattern": "^[!-~]+$"},
        verdict={"enum": ["good", "bad"]},
        comment=MAYBE_TEXT,
    ),
    "AnthropicModel": _ANTHROPIC_MODEL,
    "AnthropicModelList": object_of(
        ("data", "has_more", "first_id", "last_id"),
        data=list_of(ref("AnthropicModel")),
        has_more={"type": "boolean"},
        first_id=MAYBE_TEXT,
        last_id=MAYBE_TEXT,
    ),
    "Live": object_of(("status",), status={"const": "live"}),
    "Readiness": object_of(
        ("status", "tiers"),
        status={"enum": ["ready", "not ready"]},
        tiers={"type": "object", "additionalProperties": list_of({"type": "object"})},
    ),
}
