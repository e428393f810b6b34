from gearshift.dialects.pieces import joined, joined_calls
from gearshift.types import Chunk, Timings, ToolCall, Usage


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
