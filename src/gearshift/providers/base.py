"""The Provider protocol: how gearshift speaks to one upstream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from gearshift.types import ChatRequest, FrameStream, UpstreamState


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long an upstream may take, in seconds, all above 0."""

    connect_seconds: float = 2.0
    first_token_seconds: float = 120.0
    idle_seconds: float = 60.0
    total_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class UpstreamConfig:
    """One configured upstream, as its provider needs it.

    Attributes:
        name: The operator's name for it, as in `x-gearshift-upstream`.
        base_url: Where it listens; for `openai` with its `/v1`.
        api_key: Sent as a bearer token; never logged.
        models: What it serves, if the operator says so; asked otherwise.
        health_path: What is asked whether it is well, without the key, below what the base URL has
            before its `/v1`; `None`: what this kind of server is known to have.
        health_every_seconds: How often, above 0.
        model_paths: `embedded` only: the GGUF file of each model.
        model_urls: `embedded` only: engines that already run (a worker's parent started them).
        context_tokens: `embedded` only: the context that requests in flight share.
        parallel: `embedded` only: requests answered at the same time by each model.
        threads: `embedded` only: CPU threads of each model; 0 means one for each core.
        are_stand_ins: `embedded` only: the files stand for the models that they are named after,
            and count with the sizes of those.
    """

    name: str
    provider: str
    base_url: str
    api_key: str = ""
    models: tuple[str, ...] = ()
    health_path: str | None = None
    health_every_seconds: float = 5.0
    model_paths: Mapping[str, str] = field(default_factory=dict)
    model_urls: Mapping[str, str] = field(default_factory=dict)
    context_tokens: int = 4096
    parallel: int = 1
    threads: int = 0
    are_stand_ins: bool = False

    def __repr__(self) -> str:
        return f"UpstreamConfig(name={self.name!r}, provider={self.provider!r})"


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One step of a download: bytes done and in all (0 when unknown)."""

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0


class Provider(Protocol):
    """One upstream. Every failure leaves as `UpstreamError`."""

    name: str
    upstream: str
    dialect: str

    async def start(self) -> None:
        """Open what must be open before the first request (connections, child processes)."""
        ...

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model`; returns once the first content (or the whole answer) is there.

        Frames that came before it are kept and replayed. Cancelling the call, or closing the
        stream, closes the upstream connection at once.

        Raises:
            UpstreamError: Nothing was answered; `fault` says what to do.
        """
        ...

    async def probe(self) -> UpstreamState:
        """Reachable, which models, which of them loaded; never raises for an upstream's fault."""
        ...

    async def aclose(self) -> None:
        """Close connections (and child processes)."""
        ...


@runtime_checkable
class EnginesProvider(Protocol):
    """A provider that runs engines of its own, which other processes may use too."""

    @property
    def model_urls(self) -> dict[str, str]:
        """Where the engine of each model listens."""
        ...


@runtime_checkable
class ReusableProvider(Protocol):
    """A provider that can go on with what an older one of the same upstream has running."""

    def reuse_from(self, previous: Provider) -> None:
        """Called before `start`; the predecessor goes on working, and is closed on its own."""
        ...


@runtime_checkable
class NativeProvider(Protocol):
    """A provider whose upstream has an API of its own beside answering."""

    async def native(
        self, method: str, path: str, body: bytes | None = None
    ) -> tuple[int, str, bytes]:
        """A request passed on as it is: status, content type, body."""
        ...


@runtime_checkable
class PullingProvider(Protocol):
    """A provider that can fetch missing models."""

    def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Download `model`, reporting progress."""
        ...
