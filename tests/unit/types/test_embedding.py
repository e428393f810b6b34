"""An answer with vectors is a whole answer."""

from gearshift.types import Chunk, CompleteResponse, EmbeddingResponse, Frame, Usage


async def test_an_answer_is_read_once_and_keeps_its_vectors():
    response = EmbeddingResponse(Frame(b"x", Chunk(usage=Usage(1))), (b"[1]",))
    assert isinstance(response, CompleteResponse)
    assert await response.read() == response.frame
    assert await response.read() is None
    assert response.vectors == (b"[1]",)
