"""Providers with and without embeddings, as the pipeline asks them."""

import pytest
from tests.fakes.pipelines import Plan, Upstream

from gearshift.errors import FailureKind, UntranslatableError
from gearshift.pipeline.embedders import embedders_of
from gearshift.types import EmbeddingRequest, EmbeddingResponse, Frame, Operation

REQUEST = EmbeddingRequest("openai", Operation.EMBEDDING, "m", (), inputs=["a"])
ANSWER = EmbeddingResponse(Frame(b""), (b"[1]",))


class Able(Upstream):
    """Has embeddings, too."""

    async def embed(self, request, model):
        return ANSWER


async def test_a_provider_with_embeddings_is_asked_for_vectors():
    provider = Able([Plan()])
    embedders = embedders_of({"u": provider})  # type: ignore[dict-item] # a fake
    assert await embedders["u"].send(REQUEST, "m") is ANSWER
    assert provider.asked == 0  # for an answer


async def test_one_without_says_so_and_another_may_have_them():
    embedders = embedders_of({"u": Upstream([Plan()])})  # type: ignore[dict-item] # a fake
    with pytest.raises(UntranslatableError, match="'scripted' have no embeddings") as caught:
        await embedders["u"].send(REQUEST, "m")
    assert caught.value.fault is FailureKind.INCAPABLE
