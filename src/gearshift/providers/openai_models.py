"""What the list of models of an OpenAI-compatible server says."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.decoding import decode_whole
from gearshift.dialects.model_list import has_list, listed_models
from gearshift.providers.probing import positive
from gearshift.types import JsonObject, ModelInfo

# Google's list has it before every name; its chats take names without it.
_PREFIX: Final = "models/"


def read_models(body: bytes) -> tuple[ModelInfo, ...] | None:
    """The models of a list, perhaps none; `None` where it is no list at all."""
    try:
        document = decode_whole(body)
    except ValueError:
        return None
    if not has_list(document):
        return None
    return tuple(_info(name, entry) for name, entry in listed_models(document).items())


def kind_of(listed: tuple[ModelInfo, ...]) -> str:
    """Whose server it is, if all its models say the same; else `""`."""
    owners = {str(info.details.get("owned_by")) for info in listed}
    return owners.pop() if len(owners) == 1 else ""


def described(name: str, listed: tuple[ModelInfo, ...]) -> ModelInfo:
    """What a list says of one model, be it nothing."""
    return next((info for info in listed if info.name == name), ModelInfo(name))


def _info(name: str, entry: JsonObject) -> ModelInfo:
    meta = entry.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return ModelInfo(
        name=name,
        parameters=positive(meta.get("n_params")),
        size_bytes=positive(meta.get("size")),
        # What the server was started with, where it says so, counts before what was trained.
        context_length=positive(meta.get("n_ctx"))
        or positive(entry.get("max_model_len"))
        or positive(entry.get("max_input_tokens"))
        or positive(meta.get("n_ctx_train")),
        is_resident=True,
        details=entry,
        aliases=_aliases(name, entry),
    )


def _aliases(name: str, entry: JsonObject) -> tuple[str, ...]:
    """Other names for it: Mistral's and llama.cpp's `aliases`, OpenRouter's, Google's."""
    given = entry.get("aliases")
    others = [*given] if isinstance(given, list) else []
    others.append(entry.get("canonical_slug"))
    if name.startswith(_PREFIX):
        others.append(name.removeprefix(_PREFIX))
    return tuple(other for other in others if isinstance(other, str) and other)
