"""Embeddings: what a Python program gets back from `embed`, and the request that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gearshift.constants.model_constants import AUTO_MODEL
from gearshift.dialects.openai.embeddings import OpenAIEmbeddings
from gearshift.dialects.vectors import numbers_of
from gearshift.errors import RequestError
from gearshift.types import (
    ChatResponse,
    Decision,
    EmbeddingRequest,
    EmbeddingResponse,
    Operation,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The vectors of some texts.

    Attributes:
        vectors: One for each input, in their order.
        decision: Which model answered, and why.
        usage: Numbers of tokens; `None` if the upstream does not report them.

    Example:
        >>> import asyncio
        >>> from gearshift import LLMInterface
        >>> async def main() -> Embeddings:
        ...     async with LLMInterface() as llm:
        ...         return await llm.embed(["one", "two"], model="gemma2:2b")
        >>> found = asyncio.run(main())
        >>> found.vectors, found.usage.prompt_tokens
        ([[0.6, 0.8], [0.8, 0.6]], 5)
    """

    vectors: list[list[float]]
    decision: Decision
    usage: Usage | None = None

    @property
    def model(self) -> str:
        """The name of the model that answered, as its upstream spells it."""
        return self.decision.model


def embedding_request(
    inputs: str | Sequence[str],
    *,
    model: str = AUTO_MODEL,
    options: Mapping[str, Any] | None = None,
) -> EmbeddingRequest:
    """A request as if an OpenAI client had sent it, so that one parser checks them all.

    Raises:
        RequestError: It cannot be written as JSON, or a client could not have sent it.
    """
    texts = inputs if isinstance(inputs, str) else list(inputs)
    try:
        raw = orjson.dumps({**(options or {}), "model": model, "input": texts})
    except TypeError as error:
        raise RequestError(f"the request cannot be written as JSON: {error}") from error
    return OpenAIEmbeddings().parse(Operation.EMBEDDING, raw)


def embeddings_of(response: ChatResponse) -> Embeddings:
    """The vectors of a response as lists of numbers."""
    answer = response.frames
    assert isinstance(answer, EmbeddingResponse)
    usage = answer.frame.chunk.usage if answer.frame.chunk else None
    return Embeddings([numbers_of(v) for v in answer.vectors], response.decision, usage)
