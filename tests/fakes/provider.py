"""An upstream without a network: it lists what it is configured with, and repeats what is asked."""

from __future__ import annotations

from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import UpstreamError
from gearshift.providers.base import Deadlines, Provider, UpstreamConfig
from gearshift.types import (
    ChatRequest,
    Chunk,
    CompleteResponse,
    Frame,
    FrameStream,
    ModelInfo,
    UpstreamState,
    Usage,
)

TARGET = "tests.fakes.provider:EchoProvider"
"""What the registry is given."""


class EchoProvider:
    """Answers with the model's name and the last words.

    Attributes:
        events: `start` and `aclose`, in order.
        asked: Models that were asked.
        failure: Raised instead of an answer.
        inherited: Whom it was told to go on for.
    """

    name = "echo"
    dialect = "openai"

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        self.config = config
        self.deadlines = deadlines
        self.upstream = config.name
        self.events: list[str] = []
        self.asked: list[str] = []
        self.failure: UpstreamError | None = None
        self.inherited: Provider | None = None
        self.is_reachable = True

    async def start(self) -> None:
        self.events.append("start")

    async def aclose(self) -> None:
        self.events.append("aclose")

    async def probe(self) -> UpstreamState:
        models = tuple(ModelInfo(name, parameters=len(name)) for name in self.config.models)
        return UpstreamState(is_reachable=self.is_reachable, models=models, detail="asked")

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        self.asked.append(model)
        if self.failure is not None:
            raise self.failure
        words = f"{model}: {request.messages[-1]['content']}"
        chunk = Chunk(words, finish_reason="stop", usage=Usage(3, 4), model=model)
        raw = OpenAIDialect().encode_response(request, chunk, "echo", 0.0)
        return CompleteResponse(Frame(raw, chunk, is_end=True))

    def reuse_from(self, previous: Provider) -> None:
        self.inherited = previous
