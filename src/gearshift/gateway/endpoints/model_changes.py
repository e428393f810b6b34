"""Pull, push, create, copy and delete: passed to the upstream that can, with its progress."""

from __future__ import annotations

import logging
import time
from typing import Final

from gearshift.dialects.ollama.changes import ChangeKind, ModelChange, read_change
from gearshift.errors import RequestError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.endpoints.progress import ChangeResult, Progress, last_of
from gearshift.gateway.model_stores import (
    NAMING_HEADER,
    ModelStore,
    check_names,
    first_store,
    owner_elsewhere,
    store_with,
)
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.threads import in_thread_if_large

logger = logging.getLogger(__name__)

_METHODS: Final = {ChangeKind.DELETE: "DELETE"}


async def pull(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Download a model from a registry."""
    return await _changed(ChangeKind.PULL, context, received)


async def push(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Upload a model to a registry."""
    return await _changed(ChangeKind.PUSH, context, received)


async def create(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Make a model from another one, or from files."""
    return await _changed(ChangeKind.CREATE, context, received)


async def copy(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Give a model a second name."""
    return await _changed(ChangeKind.COPY, context, received)


async def delete(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Remove a model."""
    return await _changed(ChangeKind.DELETE, context, received)


async def _changed(
    kind: ChangeKind, context: GatewayContext, received: HttpRequest
) -> HttpResponse:
    body = received.body
    change = await in_thread_if_large(len(body), read_change, kind, body)
    check_names(context.llm, change.names)
    store = await _store(context, received, change)
    record = _Record(context, change, store, received)
    try:
        return await _asked(change, store, record)
    except BaseException as error:
        await record.ended(ChangeResult.of(error))
        raise


async def _store(context: GatewayContext, received: HttpRequest, change: ModelChange) -> ModelStore:
    llm = context.llm
    if change.kind is not ChangeKind.CREATE:
        may_lack = change.kind is ChangeKind.PULL
        return await store_with(llm, received, change.model, may_lack=may_lack)
    store = first_store(llm, received)
    if change.base and (owner := owner_elsewhere(llm, store, change.base)):
        raise RequestError(
            f"{change.base[:100]!r} is on the upstream {owner}, but models are created on "
            f"{store.upstream}; name the other one in the header {NAMING_HEADER}",
            field="from",
            code="ambiguous_upstream",
        )
    return store


async def _asked(change: ModelChange, store: ModelStore, record: _Record) -> HttpResponse:
    method = _METHODS.get(change.kind, "POST")
    answer = await store.provider.ask_store(method, f"/api/{change.kind}", change.written())
    headers = {"content-type": answer.content_type or "application/json"}
    headers["x-gearshift-upstream"] = store.upstream
    try:
        if change.wants_stream and answer.status == 200:
            headers |= {"cache-control": "no-cache", "x-accel-buffering": "no"}
            return HttpResponse(200, headers, Progress(answer, record.ended))
        if change.has_progress and answer.status == 200:
            status, body = await last_of(answer)
            headers["content-type"] = "application/json"
        else:
            status, body = answer.status, await answer.whole()
    except BaseException:
        await answer.aclose()
        raise
    await answer.aclose()
    await record.ended(ChangeResult.DONE if status < 400 else ChangeResult.FAILED)
    return HttpResponse(status, headers, body)


class _Record:
    """One change from its beginning to its end: in the log, in the metrics, in what is known."""

    def __init__(
        self,
        context: GatewayContext,
        change: ModelChange,
        store: ModelStore,
        received: HttpRequest,
    ) -> None:
        self._context = context
        self._llm = context.llm
        self._change = change
        self._store = store
        self._client = received.client
        self._started = time.monotonic()
        self._has_ended = False
        self._llm.in_flight.begun()  # its upstream is not closed under it

    async def ended(self, result: ChangeResult) -> None:
        """Tell how it ended; of a change that is done the upstream's models are asked anew."""
        if self._has_ended:
            return
        self._has_ended = True
        self._llm.in_flight.ended()
        change, upstream = self._change, self._store.upstream
        logger.info(
            "%s of %s at %s%s: %s after %.1f s",
            change.kind,
            ", ".join(ascii(name[:200]) for name in change.names),
            upstream,
            f" for {self._client}" if self._client else "",
            result,
            time.monotonic() - self._started,
        )
        self._context.metrics.model_changed(change.kind.value, result.value)
        if result is ChangeResult.DONE:
            # Settings may have changed meanwhile: what is known now is what counts.
            await self._context.llm.health.probe([upstream])
