"""Embedders: providers as the pipeline asks them for vectors instead of answers."""

from __future__ import annotations

from collections.abc import Mapping

from gearshift.errors import UntranslatableError
from gearshift.providers.base import EmbeddingProvider, Provider
from gearshift.types import ChatRequest, EmbeddingRequest, FrameStream


class Embedder:
    """Asks one provider for vectors.

    Args:
        provider: Of any kind, those without embeddings too.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model` for the vectors of an `EmbeddingRequest`.

        Raises:
            UpstreamError: There are none; `INCAPABLE` where this kind of upstream has none.
        """
        assert isinstance(request, EmbeddingRequest)
        if not isinstance(self._provider, EmbeddingProvider):
            kind = self._provider.name
            raise UntranslatableError(f"upstreams of kind {kind!r} have no embeddings")
        return await self._provider.embed(request, model)


def embedders_of(providers: Mapping[str, Provider]) -> dict[str, Embedder]:
    """One for each upstream, by its name."""
    return {name: Embedder(provider) for name, provider in providers.items()}
