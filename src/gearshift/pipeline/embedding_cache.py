"""EmbeddingCache: the step that asks an upstream only for vectors of texts that are not kept.

Each input is kept by itself, so that batches of all sizes share. Vectors of two deployments are
never mixed in one answer: where a fallback has answered for the rest, it is asked for all.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gearshift.cache.key import vector_keys
from gearshift.cache.vector import CachedVector
from gearshift.cache.vector_store import VectorStore
from gearshift.config.sections.cache import CacheSettings
from gearshift.dialects.embedding_format import SharingEmbeddings
from gearshift.pipeline.cache_control import NO_CACHE, NO_STORE, wish_of
from gearshift.pipeline.cached_frames import NO_DIALECT
from gearshift.pipeline.call import Call, Handler
from gearshift.pipeline.origins import Origins
from gearshift.threads import in_thread_if_large
from gearshift.types import (
    CacheResult,
    CacheUse,
    ChatResponse,
    Chunk,
    Deployment,
    EmbeddingRequest,
    EmbeddingResponse,
    Frame,
    Usage,
)

_SHARE_OF_ONE: Final = 4  # no vector takes more than this part of the whole


class EmbeddingCache:
    """Answers with kept vectors, and has the next step make those that are missing.

    Args:
        inner: Asks upstreams.
        store: Keeps vectors.
        settings: Of the cache.
        origins: What is known of the upstreams as origins of vectors.
        dialects: Those of clients, by name; of those whose embeddings cannot be shared, or that
            have none, nothing is kept.
    """

    def __init__(
        self,
        inner: Handler,
        store: VectorStore,
        settings: CacheSettings,
        origins: Origins,
        dialects: Mapping[str, object],
    ) -> None:
        self._inner = inner
        self._store = store
        self._settings = settings
        self._origins = origins
        self._dialects = {
            name: spoken
            for name, dialect in dialects.items()
            if isinstance(spoken := getattr(dialect, "embeddings", None), SharingEmbeddings)
        }
        self._most_bytes = settings.max_bytes // _SHARE_OF_ONE
        self._hit, self._miss, self._bypass = (CacheUse(store.level, how) for how in CacheResult)

    async def __call__(self, call: Call) -> ChatResponse:
        """Answer the call, with kept vectors where that may be done."""
        call.cache = self._bypass
        request, wish = call.request, wish_of(call.request)
        assert isinstance(request, EmbeddingRequest)
        keys = None if wish == NO_STORE else await self._keys(request, call.decision.deployment)
        if keys is None:
            return await self._inner(call)
        kept: dict[str, CachedVector] = {}
        if wish != NO_CACHE:
            different = list(dict.fromkeys(keys))
            limits = self._settings.timeout_seconds, self._settings.ttl_seconds
            kept = await self._store.get(different, *limits)
            if len(kept) == len(different):
                return self._from_kept(call, [kept[key] for key in keys])
        call.cache = self._miss
        response = await self._completed(call, request, keys, kept)
        return response._replace(cache=CacheResult.MISS)

    def _from_kept(self, call: Call, kept: Sequence[CachedVector]) -> ChatResponse:
        tokens = Usage(sum(one.tokens for one in kept))
        call.cache, call.is_from_cache, call.saved = self._hit, True, tokens
        overhead = time.perf_counter() - call.started_at
        answer = _answer([one.vector for one in kept], Chunk(usage=tokens))
        return ChatResponse(call.decision, NO_DIALECT, answer, overhead, CacheResult.HIT)

    async def _completed(
        self,
        call: Call,
        request: EmbeddingRequest,
        keys: Sequence[str],
        kept: dict[str, CachedVector],
    ) -> ChatResponse:
        """The answer with what is kept and what is asked for now, which is kept from now on."""
        asked = call.decision.deployment
        inputs = zip(keys, request.inputs, strict=True)
        missing = {key: one for key, one in inputs if key not in kept}
        if len(missing) == len(keys):  # so the client's own bytes, and the upstream's, pass through
            response = await self._inner(call)
            await self._keep(asked, request, keys, response)
            return response
        part = self._dialects[request.dialect].narrowed(request, [*missing.values()])
        response = await self._asked(call, part)
        if response.decision.deployment != asked and kept:
            return await self._asked(call, request)
        made = await self._keep(asked, part, [*missing], response)
        return self._joined(call, response, keys, kept | made, kept)

    async def _asked(self, call: Call, request: EmbeddingRequest) -> ChatResponse:
        """The next step's answer to a part of what the call asks."""
        part = replace(call, request=request)
        try:
            return await self._inner(part)
        finally:
            call.decision, call.upstream_seconds = part.decision, part.upstream_seconds

    def _joined(
        self,
        call: Call,
        response: ChatResponse,
        keys: Sequence[str],
        vectors: Mapping[str, CachedVector],
        kept: Mapping[str, CachedVector],
    ) -> ChatResponse:
        frames = response.frames
        assert isinstance(frames, EmbeddingResponse)
        chunk = frames.frame.chunk or Chunk()
        if chunk.usage is not None:
            tokens = sum(vectors[key].tokens for key in keys)
            call.saved = Usage(tokens - chunk.usage.prompt_tokens)
            chunk = chunk._replace(usage=Usage(tokens))
        else:  # nobody knows how many the others are
            call.saved = Usage(sum(kept[key].tokens for key in keys if key in kept))
        answer = _answer([vectors[key].vector for key in keys], chunk)
        return response._replace(dialect=NO_DIALECT, frames=answer)

    async def _keep(
        self,
        asked: Deployment,
        part: EmbeddingRequest,
        keys: Sequence[str],
        response: ChatResponse,
    ) -> dict[str, CachedVector]:
        """What was made of a part of the inputs; kept as its deployment's, whoever was asked."""
        frames = response.frames
        assert isinstance(frames, EmbeddingResponse)
        usage = frames.frame.chunk.usage if frames.frame.chunk else None
        now = time.time()
        shares = shared_out(usage.prompt_tokens if usage else 0, [*map(len, part.inputs)])
        pairs = zip(frames.vectors, shares, strict=True)
        answered = response.decision.deployment
        theirs: Sequence[str] | None = keys
        made = [CachedVector(vector, tokens, now, answered.model) for vector, tokens in pairs]
        if answered != asked:
            theirs = await self._keys(part, answered)
        vectors = {} if theirs is None else dict(zip(theirs, made, strict=True))
        size = sum(len(one.vector) for one in made)
        put = self._store.put
        await in_thread_if_large(size, put, vectors, self._settings.ttl_seconds, self._most_bytes)
        return dict(zip(keys, made, strict=True))

    async def _keys(self, request: EmbeddingRequest, deployment: Deployment) -> list[str] | None:
        """The keys of a deployment's vectors; `None` where they may not be kept."""
        by = self._origins.of(deployment)
        spoken = self._dialects.get(request.dialect)
        if by is None or spoken is None:
            return None
        specifics = spoken.specifics(request)
        return await in_thread_if_large(len(request.raw), vector_keys, request, by, specifics)


def _answer(vectors: Sequence[bytes | str], chunk: Chunk) -> EmbeddingResponse:
    return EmbeddingResponse(Frame(b"", chunk, is_end=True), tuple(vectors))


def shared_out(tokens: int, lengths: Sequence[int]) -> list[int]:
    """Each input's part of the tokens of all, by its length; upstreams tell only the sum.

    >>> shared_out(10, [1, 1, 2])
    [2, 3, 5]
    """
    total, seen, parts, given = max(sum(lengths), 1), 0, [], 0
    for length in lengths:
        seen += length
        upto = tokens * seen // total
        parts.append(upto - given)
        given = upto
    return parts
