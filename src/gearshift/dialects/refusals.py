"""Which fields an OpenAI-compatible upstream has refused, by its own words.

Servers differ in what they take beyond OpenAI's fields, and models in which of those they take.
What was translated is sent as it was meant; what the upstream then refuses by name is left out.
"""

from __future__ import annotations

import re
from typing import Final

from gearshift.errors import FailureKind, UpstreamError
from gearshift.types import ChatRequest

_MOST_CHARACTERS: Final = 16_384
_STATUSES: Final = (400, 404, 422)

# Beyond OpenAI's own API, or added without being asked for.
EXTRAS: Final = frozenset(
    {
        "chat_template_kwargs",
        "top_k",
        "min_p",
        "repeat_penalty",
        "stream_options",
        "reasoning_content",
        "name",
    }
)
# What OpenAI has, but only some models and servers take.
_SELDOM_TAKEN: Final = frozenset({"reasoning_effort", "verbosity", "logprobs", "top_logprobs"})
# Never the conversation, its tools or its format: an answer without those is not what was asked.
_MAY_BE_LEFT_OUT: Final = EXTRAS | {
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "stop",
    *_SELDOM_TAKEN,
}
_REFUSES: Final = re.compile(
    r"unrecogni[sz]ed|unsupported|unknown|unexpected|not supported|n[o']t support"
    r"|not (?:a )?permitted|not allowed|not accept|not available|not a valid"
    r"|extra_forbidden|extraneous|forbidden"
    r"|additional ?properties|cannot be used|deprecated|invalid (?:field|parameter|argument)"
    r"|cannot (?:specify|set)|no longer"
)
# What follows is what it would take instead.
_INSTEAD: Final = re.compile(
    r"expected one of|did you mean|use '|instead|allowed fields|valid (?:fields|param)"
)


def refused_fields(request: ChatRequest, error: UpstreamError) -> frozenset[str]:
    """The fields of a translated request that may be left out, as the upstream does not take them.

    A refusal that names nothing may be of what goes beyond OpenAI's API, or of what few models
    take: all of that, then.
    """
    sent = _sent(request)
    is_of_the_path = error.status == 404 and error.fault is not FailureKind.REJECTED
    if error.status not in _STATUSES or is_of_the_path or not sent:
        return frozenset()
    text = f"{error.message}\n{error.body[:_MOST_CHARACTERS].decode(errors='replace')}".lower()
    named = _named(text, sent) if _REFUSES.search(text) else frozenset()
    if not named:
        return (
            sent & (EXTRAS | _SELDOM_TAKEN) if error.fault is FailureKind.REJECTED else frozenset()
        )
    return named | (sent & EXTRAS) if named & EXTRAS else named


def _sent(request: ChatRequest) -> frozenset[str]:
    names = set(request.options)
    if "max_tokens" in names:
        names.add("max_completion_tokens")
    if request.stream:
        names.add("stream_options")
    for message in request.messages:
        names.update(message.keys() & {"reasoning_content", "name"})
    return _MAY_BE_LEFT_OUT & names


def _named(text: str, names: frozenset[str]) -> frozenset[str]:
    statements = " ".join(_INSTEAD.split(line, maxsplit=1)[0] for line in text.splitlines())
    return frozenset(name for name in names if _mentions(statements, name))


def _mentions(text: str, name: str) -> bool:
    """Whether a text speaks of a field; one that is an ordinary word has to stand in quotes."""
    spelled = f"(?:{name}|{name.replace('_', '')})"
    if "_" in name or name in ("logprobs", "temperature"):
        return re.search(rf"(?<![a-z0-9_]){spelled}(?![a-z0-9_])", text) is not None
    return (
        re.search(
            rf"""['"`\[.]{name}['"`\]]|(?:supplied|field|parameter|argument)s?: {name}\b""", text
        )
        is not None
    )
