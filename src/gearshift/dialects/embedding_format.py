"""What a wire format does for embeddings, towards clients and towards upstreams: two protocols.

A dialect that has embeddings has them as its attribute `embeddings`; one without such an attribute
has none. All of it is pure, and may be called in a thread, because a batch may be large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from gearshift.dialects.base import NOTHING
from gearshift.errors import UpstreamError
from gearshift.types import EmbeddingRequest, EmbeddingResponse, Operation


class ClientEmbeddings(Protocol):
    """How clients ask for embeddings, and how they are answered."""

    def parse(self, operation: Operation, raw: bytes) -> EmbeddingRequest:
        """The client's body as a request.

        Raises:
            RequestError: 400 naming the field.
        """
        ...

    def encode_response(
        self,
        request: EmbeddingRequest,
        response: EmbeddingResponse,
        model: str,
        elapsed_seconds: float,
    ) -> bytes:
        """The body of an answer.

        Args:
            request: The client's.
            response: The upstream's answer, in whatever dialect it came.
            model: Who answered.
            elapsed_seconds: Since the request came.
        """
        ...


@runtime_checkable
class SharingEmbeddings(Protocol):
    """Embeddings of a client dialect whose vectors may be kept, one by one, and shared."""

    def specifics(self, request: EmbeddingRequest) -> Mapping[str, Any]:
        """What a body says beside the inputs, `dimensions` and the form of the vectors.

        Nothing that could change a vector may be missing; the model's name, and how long it stays
        loaded, are not part of it.
        """
        ...

    def narrowed(
        self, request: EmbeddingRequest, inputs: Sequence[str | Sequence[int]]
    ) -> EmbeddingRequest:
        """The same request for some of its inputs, with its body written anew."""
        ...


class UpstreamEmbeddings(Protocol):
    """How upstreams are asked for embeddings, and how their answers are read."""

    def path(self, request: EmbeddingRequest) -> str:
        """The path below the upstream's base URL."""
        ...

    def upstream_body(
        self, request: EmbeddingRequest, model: str, left_out: frozenset[str] = NOTHING
    ) -> bytes:
        """The body to send: the client's own bytes but for `model`, or the request translated.

        Args:
            request: What is asked.
            model: Of whom.
            left_out: What the upstream has refused, by `refused`.

        Raises:
            UpstreamError: `INCAPABLE`, where this dialect cannot say what is asked.
        """
        ...

    def decode_response(self, request: EmbeddingRequest, raw: bytes) -> EmbeddingResponse:
        """A response's body as an answer with a vector for each input.

        Raises:
            ValueError: It is none; in words.
        """
        ...

    def refused(self, request: EmbeddingRequest, error: UpstreamError) -> frozenset[str]:
        """What the upstream does not take, and what the answer can do without."""
        ...
