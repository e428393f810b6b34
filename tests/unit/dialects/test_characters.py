import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects.characters import HalfCharacters, whole_characters
from gearshift.types import Chunk, ToolCall


def said(*pieces: str) -> str:
    halves = HalfCharacters()
    chunks = [halves.joined(Chunk(piece), is_last=False) for piece in pieces]
    return "".join(c.content for c in (*chunks, halves.joined(Chunk(), is_last=True)))


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["ok \ud83d", "\ude00 bye"], "ok 😀 bye"),
        (["ok \ud83d", "", "\ude00"], "ok 😀"),
        (["ok \ud871", "\udcc2"], "ok 𬓂"),
        (["ok \ud871", "\udce0", "\udc80"], "ok \U0002c4e0\ufffd"),
        (["\ud871", "\udcc3", "\udcc3", "\udca9"], "\U0002c4c3é"),
        (["ok \ud83d", " bye"], "ok \ufffd bye"),
        (["ok \ud83d"], "ok \ufffd"),
        (["\ude00 bye"], "\ufffd bye"),
        (["\ud83d", "\ud83d", "\ude00"], "\ufffd😀"),
        (["caf\udcc3", "\udca9!"], "café!"),
        (["\udcf0\udc9f", "\udc98", "\udc80."], "😀."),
        (["caf\udcc3", " bye"], "caf\ufffd bye"),
        (["\udcff", "\udcff"], "\ufffd\ufffd"),
        (["whole", " words"], "whole words"),
    ],
)
def test_halves_of_characters_are_put_together(pieces, text):
    assert said(*pieces) == text


@given(st.text(max_size=8), st.integers(0, 16), st.sampled_from(["utf-16-le", "utf-8"]))
def test_any_text_cut_anywhere_comes_out_whole(text, place, encoding):
    encoded = whole_characters(text).encode(encoding)
    unit = 2 if encoding == "utf-16-le" else 1
    place = min(place * unit, len(encoded))
    errors = "surrogatepass" if encoding == "utf-16-le" else "surrogateescape"
    pieces = encoded[:place].decode(encoding, errors), encoded[place:].decode(encoding, errors)
    assert said(*pieces) == whole_characters(text)


@given(st.lists(st.text(st.characters(), max_size=4), max_size=4))
def test_whatever_comes_can_be_written(pieces):
    assert said(*pieces).encode() is not None


def test_every_text_of_an_answer_waits_for_itself():
    halves = HalfCharacters()
    first = Chunk("a\ud83d", "b\ud83d", (ToolCall(1, "i\ud83d", "f", "c\ud83d"),), model="m\ud83d")
    assert halves.joined(first, is_last=False) == Chunk(
        "a", "b", (ToolCall(1, "i\ufffd", "f", "c"),), model="m\ufffd"
    )
    assert halves.is_waiting
    second = Chunk("\ude00", tool_calls=(ToolCall(1, arguments="\ude01"),))
    assert halves.joined(second, is_last=False) == Chunk(
        "😀", tool_calls=(ToolCall(1, arguments="😁"),)
    )
    assert halves.joined(Chunk(), is_last=True) == Chunk(reasoning="\ufffd")
    assert not halves.is_waiting


def test_a_half_that_is_never_completed_is_told_at_the_end():
    halves = HalfCharacters()
    halves.joined(Chunk(tool_calls=(ToolCall(2, arguments='"\ud83d'),)), is_last=False)
    last = halves.joined(Chunk(finish_reason="stop"), is_last=True)
    assert last == Chunk(tool_calls=(ToolCall(2, arguments="\ufffd"),), finish_reason="stop")


def test_what_no_piece_completes_is_whole_at_once():
    logprob = {"token": "caf\udcc3", "bytes": [99], "top_logprobs": [{"token": "\ud83d"}]}
    chunk = Chunk(model="m\udcc3", finish_reason="st\udce2op", logprobs=(logprob,))
    found = HalfCharacters().joined(chunk, is_last=False)
    assert (found.model, found.finish_reason) == ("m\ufffd", "st\ufffdop")
    assert found.logprobs == (
        {"token": "caf\ufffd", "bytes": [99], "top_logprobs": [{"token": "\ufffd"}]},
    )
