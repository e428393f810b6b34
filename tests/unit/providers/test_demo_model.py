"""The demo models: what they say, and the files they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import GearshiftError
from gearshift.providers.demo_model import (
    demo_models,
    demo_reply,
    reply_pieces,
    write_demo_model,
)


def test_a_reply_names_the_tier_and_the_commands():
    reply = demo_reply("simple", ["a:1", "b:2"])
    for words in ("demo", "simple tier", "ollama pull a:1", "ollama pull b:2"):
        assert words in reply


@given(st.text(alphabet="ab .,", min_size=1, max_size=80))
def test_pieces_are_all_different_and_make_up_the_reply(reply):
    pieces = reply_pieces(reply)
    assert "".join(pieces).replace("\u2581", " ") == reply
    assert len(set(pieces)) == len(pieces)


def test_files_are_written_once_and_the_same_everywhere(tmp_path):
    tiers = {"simple": "a", "complex": "b"}
    first = demo_models(tiers, tmp_path / "one")
    stamps = [path.stat().st_mtime_ns for path in first.values()]
    assert demo_models(tiers, tmp_path / "one") == first
    assert [path.stat().st_mtime_ns for path in first.values()] == stamps
    second = demo_models(tiers, tmp_path / "two")
    assert [p.read_bytes() for p in first.values()] == [p.read_bytes() for p in second.values()]


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(GearshiftError, match="cannot write the demo model"):
        write_demo_model(blocker / "model.gguf", "hello")
