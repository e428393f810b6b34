from gearshift.dialects.pieces import joined, joined_calls, joined_frames
from gearshift.types import Chunk, Frame, Timings, ToolCall, Usage


def test_pieces_are_put_together_and_the_last_word_counts():
    entry = {"token": "a"}
    assert joined(
        [
            Chunk("a", "r", logprobs=(entry,), load_seconds=1.0),
            Chunk("b", usage=Usage(1, 1), model="m", timings=Timings(1, 2)),
            Chunk(finish_reason="stop", usage=Usage(1, 2)),
        ]
    ) == Chunk("ab", "r", (), "stop", Usage(1, 2), "m", 1.0, Timings(1, 2), (entry,))
    assert joined([]) == Chunk()


def test_calls_are_whole_and_in_their_order():
    pieces = [
        ToolCall(1, None, "g", "{"),
        ToolCall(0, "a", None, "{}"),
        ToolCall(1, "b", None, "}"),
        ToolCall(0, None, "f"),
    ]
    assert joined_calls(pieces) == (ToolCall(0, "a", "f", "{}"), ToolCall(1, "b", "g", "{}"))


def test_a_stream_is_a_whole_answer_if_it_has_an_end_and_no_error():
    said = Frame(b"a", Chunk("It "))
    end = Frame(b"b", Chunk("is.", finish_reason="stop"))
    assert joined_frames(b"ab", [said, end]) == Frame(
        b"ab", Chunk("It is.", finish_reason="stop"), is_end=True, is_other_shape=True
    )
    assert joined_frames(b"a", [said, Frame(b"", is_end=True)]).error is None
    assert joined_frames(b"ab", [said, Frame(b"b", error="no"), end]) == Frame(b"ab", error="no")
    for frames in ([], [said], [Frame(b"", is_end=True)]):
        assert "ends before its end mark" in (joined_frames(b"", frames).error or "")
