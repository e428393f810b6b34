"""The values that travel through gearshift: request, decision, frames of an answer."""

from gearshift.types.answer import (
    CacheResult,
    CacheUse,
    ChatResponse,
    Chunk,
    CompleteResponse,
    Frame,
    FrameStream,
    Timings,
    ToolCall,
    Usage,
)
from gearshift.types.decision import Cause, Decision
from gearshift.types.deployments import Capability, Deployment, ModelInfo, Readiness, UpstreamState
from gearshift.types.embedding import EmbeddingRequest, EmbeddingResponse, Vector
from gearshift.types.json_values import Json, JsonObject
from gearshift.types.request import (
    CHAT_OPERATIONS,
    EMBEDDING_OPERATIONS,
    ChatRequest,
    Message,
    Operation,
    Session,
)

__all__ = [
    "CHAT_OPERATIONS",
    "EMBEDDING_OPERATIONS",
    "CacheResult",
    "CacheUse",
    "Capability",
    "Cause",
    "ChatRequest",
    "ChatResponse",
    "Chunk",
    "CompleteResponse",
    "Decision",
    "Deployment",
    "EmbeddingRequest",
    "EmbeddingResponse",
    "Frame",
    "FrameStream",
    "Json",
    "JsonObject",
    "Message",
    "ModelInfo",
    "Operation",
    "Readiness",
    "Session",
    "Timings",
    "ToolCall",
    "UpstreamState",
    "Usage",
    "Vector",
]
