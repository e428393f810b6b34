"""EmbeddingRequest and EmbeddingResponse: texts in, vectors out, in no dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gearshift.types.answer import CompleteResponse, Frame
from gearshift.types.request import ChatRequest

Vector = bytes | str
"""One vector as it came: the JSON text of a list of numbers, or base64 of 32-bit floats.

It stays so until somebody needs the other form, because a batch may have millions of numbers.
"""


@dataclass(slots=True)
class EmbeddingRequest(ChatRequest):
    """A request for embeddings: handled like any other, with inputs and without a conversation.

    Attributes:
        inputs: Texts, or lists of token ids; none to load the model.
        dimensions: How many numbers each vector shall have; `None` for as many as the model gives.
        encoding: The form of the vectors that the client has asked for: `float`, `base64`, or
            empty where it has not said.
    """

    inputs: Sequence[str | Sequence[int]] = ()
    dimensions: int | None = None
    encoding: str = ""


class EmbeddingResponse(CompleteResponse):
    """The answer to one: a frame that tells tokens and times, and the vectors.

    Attributes:
        vectors: One for each input, in their order.
    """

    __slots__ = ("vectors",)

    def __init__(self, frame: Frame, vectors: tuple[Vector, ...]) -> None:
        super().__init__(frame)
        self.vectors = vectors
