"""Answered requests with their times and tokens, as planning needs them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.engine import Engine

from gearshift.capacity.traffic import Bools, Floats, Traffic
from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.decision_log.schema import DECISIONS
from gearshift.types import CacheResult, Cause

MOST: Final = 300_000
"""Requests that are read, the newest ones."""
_ANSWERED: Final = 200
_LOADED_SECONDS: Final = 0.5  # who waited longer for the model to be loaded says nothing of it


def traffic_since(engine: Engine, since: float = 0.0, most: int = MOST) -> Traffic:
    """The chats since a time (seconds since 1970), embeddings left out."""
    made = DECISIONS.c
    query = (
        select(
            made.time,
            made.tier,
            made.upstream,
            made.model,
            made.score,
            made.cause,
            made.movable,
            made.cache,
            made.status,
            made.fault,
            made.fallback,
            made.failed_attempts,
            made.load_seconds,
            made.prompt_tokens,
            made.cached_tokens,
            made.completion_tokens,
            made.seconds,
            made.first_token_seconds,
            made.streamed,
        )
        .where(made.time >= since, made.tier != EMBEDDINGS)
        .order_by(made.time.desc())
        .limit(most)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    columns = list(zip(*reversed(rows), strict=True)) or [()] * len(query.selected_columns)
    named = dict(zip((column.name for column in query.selected_columns), columns, strict=True))
    return _traffic(named)


def _traffic(named: dict[str, tuple[object, ...]]) -> Traffic:
    def numbers(name: str) -> Floats:
        return np.array([np.nan if one is None else one for one in named[name]], dtype=np.float64)

    def texts(name: str) -> NDArray[np.str_]:
        return np.array(["" if one is None else one for one in named[name]], dtype=np.str_)

    prompt, completion = numbers("prompt_tokens"), numbers("completion_tokens")
    cached = np.nan_to_num(numbers("cached_tokens"))
    is_hit = texts("cache") == CacheResult.HIT.value
    is_streamed = np.array(named["streamed"], dtype=bool)
    is_clean = (
        (numbers("status") == _ANSWERED)
        & (texts("fault") == "")
        & (texts("fallback") == "")
        & (numbers("failed_attempts") == 0)
        & ~(numbers("load_seconds") > _LOADED_SECONDS)
        & (completion > 0)
        & np.isfinite(prompt)
        & ~is_hit
    )
    upstream, model = texts("upstream"), texts("model")
    return Traffic(
        numbers("time"),
        texts("tier"),
        np.array([f"{a}/{b}" for a, b in zip(upstream, model, strict=True)], dtype=np.str_),
        numbers("score"),
        _is_movable(numbers("movable"), texts("cause")) & np.isfinite(numbers("score")),
        is_hit,
        is_clean,
        np.maximum(prompt - cached, 0.0),
        completion,
        numbers("seconds"),
        np.where(is_streamed, numbers("first_token_seconds"), np.nan),
    )


def _is_movable(movable: Floats, cause: NDArray[np.str_]) -> Bools:
    """As the row says; rows that are older than that column say it by their cause."""
    said: Bools = np.where(np.isnan(movable), cause == Cause.SCORED.value, movable == 1.0)
    return said
