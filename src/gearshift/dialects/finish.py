"""Why an answer ended: the words of many servers, as OpenAI has them."""

from __future__ import annotations

from typing import Final

from gearshift.types import Json

_NOT_YET: Final = frozenset(
    {
        *("", "null", "none", "in_progress", "not_finished", "unfinished", "undefined"),
        *("unspecified", "finish_reason_unspecified", "unknown", "false", "continue"),
    }
)
FAILED: Final = "error"  # an end, but of no answer
_STOP: Final = (
    "eos eos_token end_turn stop_sequence stop_token finish finished done complete end load unload"
)
_LENGTH: Final = (
    "max_tokens max_output_tokens max_new_tokens max_length model_length token_limit"
    " model_context_window_exceeded"
)
_TOOLS: Final = "tool_call tool_use function_call"
_FILTER: Final = "safety recitation blocklist prohibited_content refusal"
_MEANINGS: Final = {
    word: meaning
    for meaning, words in (
        ("stop", _STOP),
        ("length", _LENGTH),
        ("tool_calls", _TOOLS),
        ("content_filter", _FILTER),
    )
    for word in (meaning, *words.split())
}


def finish_reason(value: Json) -> str | None:
    """The reason in OpenAI's words, an unknown one as it is; `None`: it has not ended.

    >>> finish_reason("EOS"), finish_reason(""), finish_reason("unheard_of")
    ('stop', None, 'unheard_of')
    """
    if not isinstance(value, str):
        return None
    word = value.strip().lower().replace("-", "_").replace(" ", "_")
    return None if word in _NOT_YET else _MEANINGS.get(word, value)
