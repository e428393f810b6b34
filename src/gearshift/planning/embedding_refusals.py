"""What is said to clients whose request for embeddings names no model that could answer it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gearshift.constants.model_constants import AUTO_MODEL, EMBEDDINGS
from gearshift.errors import RequestError

_BY_NAME: Final = "use a name from the list of models"
_OR_AUTO: Final = f"{_BY_NAME}, or {AUTO_MODEL!r} for the setting embeddings.model"


def check_tier(tier: str | None, tiers: Collection[str]) -> None:
    """Refuse a forced tier that does not exist; one that does says nothing about embeddings.

    Raises:
        RequestError: 400.
    """
    if tier is not None and tier not in tiers and tier != EMBEDDINGS:
        raise RequestError(
            f"unknown tier {tier[:200]!r}; the tiers are: {', '.join(tiers)}",
            field="x-gearshift-tier",
            code="unknown_tier",
        )


def no_model_set() -> RequestError:
    """The refusal of `auto` where the configuration says nothing of it."""
    return RequestError(
        f"no model for embeddings is configured; {_BY_NAME}, or set embeddings.model, which "
        f"{AUTO_MODEL!r} stands for",
        field="model",
        code="embeddings_model_not_set",
    )


def not_embedding(model: str, tiers: Collection[str]) -> RequestError:
    """The refusal of a model that nobody has, or of a tier in its place."""
    if model.removesuffix(":latest") in tiers:
        return RequestError(
            f"{model[:200]!r} is a tier, but embeddings come from one model, since vectors of "
            f"different models cannot be compared; {_OR_AUTO}",
            field="model",
            code="tier_without_embeddings",
        )
    return RequestError(
        f"model {model[:200]!r} not found; for embeddings {_OR_AUTO}",
        status=404,
        field="model",
        code="model_not_found",
    )
