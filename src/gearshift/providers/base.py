"""The Provider protocol: how gearshift speaks to one upstream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from gearshift.http.values import RequestBody
from gearshift.types import (
    ChatRequest,
    EmbeddingRequest,
    EmbeddingResponse,
    FrameStream,
    UpstreamState,
)


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
        headers: Sent with every request; their values are never shown.
        query: Added to every URL; its values are never shown.
        health_path: What is asked whether it is well, without the key, below what the base URL has
            before its `/v1`; `None`: what this kind of server is known to have.
        health_every_seconds: How often, above 0.
        options: What only this kind of provider needs, as its settings make it; it can be pickled.
    """

    name: str
    provider: str
    base_url: str
    api_key: str = ""
    models: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    health_path: str | None = None
    health_every_seconds: float = 5.0
    options: Any = None

    def __repr__(self) -> str:
        return f"UpstreamConfig(name={self.name!r}, provider={self.provider!r})"


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One step of a download: bytes done and in all (0 when unknown)."""

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0


class Provider(Protocol):
    """One upstream. Every failure leaves as `UpstreamError`.

    Its class is made with an `UpstreamConfig` and the `Deadlines`. An attribute `settings` names
    the model that reads its entry of `upstreams:` (`providers.settings.UpstreamSettings` if it
    has none); what it can do beyond answering is told by the protocols below.
    """

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
class EmbeddingProvider(Protocol):
    """A provider whose upstream may have embeddings, too."""

    async def embed(self, request: EmbeddingRequest, model: str) -> EmbeddingResponse:
        """Ask `model` for the vectors of all inputs.

        Raises:
            UpstreamError: There are none; `INCAPABLE` where the upstream does not have embeddings.
        """
        ...


@runtime_checkable
class EnginesProvider(Protocol):
    """A provider that runs engines of its own, which other processes may use too."""

    @property
    def shared_config(self) -> UpstreamConfig:
        """Its configuration with where the engines listen that run by now."""
        ...


@runtime_checkable
class InformedProvider(Protocol):
    """A provider that needs no probe of its own where another process has probed its upstream."""

    def inform(self, state: UpstreamState) -> None:
        """Know from now on what such a probe has found, as after `probe`."""
        ...


@runtime_checkable
class ReusableProvider(Protocol):
    """A provider that can go on with what an older one of the same upstream has running."""

    def reuse_from(self, previous: Provider) -> None:
        """Called before `start`; the previous one goes on working, and is closed on its own."""
        ...


@runtime_checkable
class NativeProvider(Protocol):
    """A provider whose upstream has an API of its own beside answering."""

    async def native(
        self, method: str, path: str, body: bytes | None = None
    ) -> tuple[int, str, bytes]:
        """A request passed on as it is: status, content type, body."""
        ...


class ModelStoreAnswer(Protocol):
    """What an upstream says while it changes its models.

    Attributes:
        status: HTTP status.
        content_type: In lower case, without its parameters.
    """

    status: int
    content_type: str

    async def read(self) -> bytes:
        """The lines that have come since the last call; nothing at the end."""
        ...

    async def whole(self) -> bytes:
        """All of a short answer."""
        ...

    async def aclose(self) -> None:
        """Called once; ends work that is under way."""
        ...


@runtime_checkable
class ModelStoreProvider(Protocol):
    """A provider whose upstream keeps models that can be changed by requests to it."""

    async def ask_store(
        self, method: str, path: str, body: bytes | RequestBody | None = None
    ) -> ModelStoreAnswer:
        """Such a request; returns when its answer begins. It may take hours, but not be silent.

        Args:
            method: HTTP method.
            path: As Ollama has it, such as `/api/pull`.
            body: JSON, or what is sent on as it comes.

        Raises:
            UpstreamError: There was no answer.
            RequestError: A body that is sent on does not come.
        """
        ...


@runtime_checkable
class CountingProvider(Protocol):
    """A provider whose upstream can say how many tokens a request has, without answering it."""

    async def count_tokens(self, request: ChatRequest, model: str) -> int | None:
        """The tokens of the prompt; `None`: this upstream cannot say.

        Raises:
            UpstreamError: It did not say.
        """
        ...


@runtime_checkable
class SeededProvider(Protocol):
    """A provider whose upstream gives the same answer for the same `seed`.

    Then such answers may be cached; others only at temperature 0.
    """

    honours_seed: bool


@runtime_checkable
class StartableProvider(Protocol):
    """A provider whose server a person can start with a known command."""

    start_command: str
    """Such as `ollama serve`; messages show it while the server cannot be reached."""


@runtime_checkable
class PullingProvider(Protocol):
    """A provider that can fetch models: one that it does not list may come yet."""

    def pull_command(self, model: str) -> str:
        """What a person runs to fetch `model`."""
        ...

    def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Download `model`, reporting progress."""
        ...


def start_advice(*providers: Provider) -> str:
    """What a person does to start the servers of these providers, with the commands if known."""
    commands = dict.fromkeys(
        f"`{provider.start_command}`"
        for provider in providers
        if isinstance(provider, StartableProvider)
    )
    shown = f" ({', '.join(commands)})" if commands else ""
    return f"start {'it' if len(providers) == 1 else 'them'}{shown}"
