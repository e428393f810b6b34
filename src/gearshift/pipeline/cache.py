"""AnswerCache: the step that answers what was answered before, without asking an upstream.

It stands before the fallback, and is not there at all where the cache is off. A request whose
route chance has a say in, or that was sampled for judging, passes it by whatever the lots: those
that are compared are all answered afresh, so no statistic has to know of the cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from gearshift.cache.entry import CachedAnswer
from gearshift.cache.key import answer_key
from gearshift.cache.store import AnswerStore, Found
from gearshift.config.sections.cache import CacheSettings
from gearshift.dialects.base import SharingDialect, UpstreamDialect
from gearshift.pipeline.cache_control import NO_CACHE, NO_STORE, is_compared, wish_of
from gearshift.pipeline.cached_frames import form_of, replayed
from gearshift.pipeline.call import Call, Handler
from gearshift.pipeline.joined import joined
from gearshift.pipeline.origins import Origins
from gearshift.pipeline.pace import Paced
from gearshift.pipeline.recorded import Recorder
from gearshift.pipeline.refreshing import Refreshing
from gearshift.pipeline.single_flight import SharedAnswer, SingleFlight
from gearshift.pipeline.streams import StreamEnd, observed_response
from gearshift.threads import Purpose, in_thread
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import (
    CacheResult,
    CacheUse,
    Cause,
    ChatRequest,
    ChatResponse,
    Decision,
    Deployment,
)

_MOST_ANSWER_BYTES: Final = 1_000_000
_SHARE_OF_ONE: Final = 4  # no answer takes more than this part of the whole
_MOST_LARGER: Final = 4
_KEYED_IN_THREAD_BYTES: Final = 256 * 1024
_JOINED: Final = CacheUse("inflight", CacheResult.HIT)

Specifics = Callable[[ChatRequest], Mapping[str, object]]


class AnswerCache:
    """Answers from the store, or has the next step answer and keeps what it said.

    Args:
        inner: Asks upstreams.
        store: Keeps answers.
        settings: Which ones.
        origins: What is known of the upstreams as origins of answers.
        client_dialects: By name; they know what a body says.
        upstream_dialects: By name; they read kept answers.
        tiers: Their names, the smallest first.

    Attributes:
        refreshing: Has stale answers asked for again by `anew`; set where they may be given.
    """

    def __init__(
        self,
        inner: Handler,
        store: AnswerStore,
        settings: CacheSettings,
        origins: Origins,
        client_dialects: Mapping[str, object],
        upstream_dialects: Mapping[str, UpstreamDialect],
        tiers: Sequence[str] = (),
    ) -> None:
        self._inner = inner
        self._store = store
        self._settings = settings
        self._origins = origins
        self._specifics = {
            name: _specifics_of(dialect) for name, dialect in client_dialects.items()
        }
        self._dialects = upstream_dialects
        self._ranks = {tier: rank for rank, tier in enumerate(tiers)}
        self._most_bytes = min(_MOST_ANSWER_BYTES, settings.max_bytes // _SHARE_OF_ONE)
        self._single_flight = SingleFlight(self._most_bytes, self._takes_over)
        _, self._miss, self._bypass = (CacheUse(store.level, how) for how in CacheResult)
        self.refreshing: Refreshing | None = None

    async def anew(self, call: Call) -> ChatResponse:
        """Have an upstream answer, and keep what it says."""
        key = await self._key(call.request, call.decision.deployment)
        return await (self._inner(call) if key is None else self._asked(call, key))

    async def __call__(self, call: Call) -> ChatResponse:
        """Answer the call, from the store where that may be done."""
        call.cache = self._bypass
        wish = wish_of(call.request)
        if wish == NO_STORE or is_compared(call.decision):
            return await self._inner(call)
        key = await self._key(call.request, call.decision.deployment)
        if key is None:
            return await self._inner(call)
        if wish == NO_CACHE:
            return await self._asked(call, key)
        if (response := await self._kept(call, key)) is not None:
            return response
        if not self._settings.tool_calls and call.request.options.get("tools"):
            return await self._asked(call, key)  # one that calls tools is not for anybody else
        return await self._shared(call, key)

    async def _shared(self, call: Call, key: str) -> ChatResponse:
        """The answer to a request like this one that is in progress; else it has one begun.

        If that one fails, this one asks itself, or joins whoever of the others was first to.
        """
        for is_last in (False, True):
            response = self._at_hand(call, key)  # it was kept while others were asked for it
            if response is None:
                shared = self._single_flight.find(key)
                if shared is None:
                    break
                response = await self._joined(call, shared, is_last=is_last)
            if response is not None:
                return response
        return await self._single_flight.lead(key, call, partial(self._asked, call, key))

    async def _joined(
        self, call: Call, shared: SharedAnswer, *, is_last: bool
    ) -> ChatResponse | None:
        """The answer in progress; `None` where it fails and that is not the last word."""
        call.cache, call.is_from_cache = _JOINED, True
        response = None
        try:
            response = await joined(call, shared, self._dialects)
        except Exception:
            if is_last:
                raise
        finally:
            if response is None:
                call.cache, call.is_from_cache = self._miss, False
        return response

    async def _asked(self, call: Call, key: str) -> ChatResponse:
        call.cache = self._miss
        asked = call.decision.deployment
        response = await self._inner(call)
        answered = response.decision.deployment
        kept_as: str | None = key
        if answered != asked:  # it is that one's answer, whoever was asked first
            kept_as = await self._key(call.request, answered)
        response = response._replace(cache=CacheResult.MISS)
        return response if kept_as is None else self._recorded(call.request, response, kept_as)

    def _takes_over(self, call: Call) -> None:
        """Whoever had an upstream asked has left: the tokens are this one's."""
        call.cache, call.is_from_cache = self._miss, False

    async def _kept(self, call: Call, key: str) -> ChatResponse | None:
        settings = self._settings
        keys = {key: call.decision, **await self._larger(call)}
        found = await self._store.get([*keys], settings.timeout_seconds, settings.kept_seconds)
        if found is None:
            return None
        return self._replayed(call, found, keys[found.key])

    def _at_hand(self, call: Call, key: str) -> ChatResponse | None:
        found = self._store.near(key, self._settings.ttl_seconds)
        return None if found is None else self._replayed(call, found, call.decision)

    def _replayed(self, call: Call, found: Found, decision: Decision) -> ChatResponse | None:
        replay = replayed(found.answer, call.request, self._dialects)
        if replay is None:
            return None
        age = time.time() - found.answer.stored_at
        if self.refreshing is not None and age > self._settings.ttl_seconds:
            self.refreshing.begin(found.key, call)
        call.cache, call.is_from_cache = CacheUse(found.level, CacheResult.HIT), True
        call.saved, call.spared = found.answer.usage, call.decision.deployment
        call.decision = decision
        overhead = time.perf_counter() - call.started_at
        frames, pace = replay.frames, self._settings.replay_tokens_per_second
        if pace is not None and call.request.stream:
            frames = Paced(frames, pace)
        return ChatResponse(call.decision, replay.dialect, frames, overhead, CacheResult.HIT)

    async def _larger(self, call: Call) -> dict[str, Decision]:
        """The keys of what larger tiers may have answered, with the decision that it would be.

        Not where the client itself has named the tier or the model: then it is to answer.
        """
        decision = call.decision
        rank = self._ranks.get(decision.tier)
        if rank is None or decision.cause is Cause.FORCED or not self._settings.larger_tiers:
            return {}
        larger = [one for one in call.candidates if self._ranks.get(one.tier, 0) > rank]
        found: dict[str, Decision] = {}
        for candidate in larger[:_MOST_LARGER]:
            key = await self._key(call.request, candidate.deployment)
            if key is not None:
                found[key] = _answered_by(decision, candidate)
        return found

    def _recorded(self, request: ChatRequest, response: ChatResponse, key: str) -> ChatResponse:
        recorder = Recorder(request, self._most_bytes, with_tool_calls=self._settings.tool_calls)
        ended = partial(self._keep, request, response, key, recorder)
        return observed_response(response, ended, recorder.add)

    def _keep(
        self,
        request: ChatRequest,
        response: ChatResponse,
        key: str,
        recorder: Recorder,
        end: StreamEnd,
    ) -> None:
        if end.is_complete and recorder.is_worth_keeping:
            kept = CachedAnswer(
                response.dialect,
                request.stream,
                form_of(request),
                recorder.usage,
                time.time(),
                tuple(recorder.frames),
                (response.decision.tier, response.decision.model),
            )
            self._store.put(key, kept, self._settings.kept_seconds)

    async def _key(self, request: ChatRequest, deployment: Deployment) -> str | None:
        """The key of a deployment's answer; `None` where it may not be kept."""
        if not self._may_be_kept(request, deployment):
            return None
        by = self._origins.of(deployment)
        if by is None:
            return None
        specifics = self._specifics.get(request.dialect, _whole_body)(request)
        if len(request.raw) > _KEYED_IN_THREAD_BYTES:
            return await in_thread(Purpose.DECODING, answer_key, request, by, specifics)
        return answer_key(request, by, specifics)

    def _may_be_kept(self, request: ChatRequest, deployment: Deployment) -> bool:
        if not self._settings.only_deterministic:
            return True
        given = request.options
        return given.get("temperature") == 0 or (
            given.get("seed") is not None and self._origins.honours_seed(deployment)
        )


def _answered_by(decision: Decision, candidate: Candidate) -> Decision:
    where = candidate.deployment
    return decision._replace(
        tier=candidate.tier,
        model=where.model,
        upstream=where.upstream,
        provider=candidate.provider,
        reason=f"{decision.reason}; {candidate.tier} had answered it before",
    )


def _specifics_of(dialect: object) -> Specifics:
    return dialect.specifics if isinstance(dialect, SharingDialect) else _whole_body


def _whole_body(request: ChatRequest) -> Mapping[str, object]:
    """Of a dialect that does not say what its bodies mean: everything, but how it is delivered."""
    return {name: value for name, value in request.body.items() if name not in ("model", "stream")}
