import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.errors import ModelFileError
from gearshift.tiered_routing import learned_file
from gearshift.tiered_routing.learned_file import model_of, read_model, write_model
from gearshift.tiered_routing.learned_model import LearnedModel
from gearshift.tiered_routing.learned_scorer import DEFAULT_MODEL, LearnedScorer

PROMPT = "Explain how rivers find the sea, and why they bend, in the words of a child of nine."


RAW = DEFAULT_MODEL.read_bytes()


@pytest.fixture
def raw():
    return RAW


def changed(raw, **arrays):
    """The file with other arrays; `None` leaves one out."""
    with np.load(io.BytesIO(raw)) as archive:
        members = dict(archive) | arrays
    body = io.BytesIO()
    np.savez(body, **{name: array for name, array in members.items() if array is not None})
    return body.getvalue()


def header(raw, old, new):
    with np.load(io.BytesIO(raw)) as archive:
        text = archive["header"].tobytes()
    assert old in text
    return changed(raw, header=np.frombuffer(text.replace(old, new), np.uint8))


def test_the_default_model_is_small_and_knows_how_it_was_trained(raw):
    assert len(raw) <= 2_000_000
    facts = model_of(raw, "default").facts
    assert facts["labels"] > 10_000
    assert facts["split"] == "train"
    assert facts["cross_validated"]["apgr_above_rule_ci"][0] > 0


def test_what_is_written_is_what_is_read(tmp_path, raw):
    model = model_of(raw, "default")
    again = tmp_path / "again.npz"
    write_model(model, again)
    assert again.read_bytes() == raw
    expected = LearnedScorer(model=model).score(PROMPT)
    assert LearnedScorer(model=read_model(again)).score(PROMPT) == expected
    assert [file.name for file in tmp_path.iterdir()] == ["again.npz"]


def test_nothing_learned_can_be_written_too(tmp_path):
    file = tmp_path / "nothing.npz"
    write_model(LearnedModel.untrained(), file)
    assert read_model(file).facts == {"labels": 0}


def test_a_file_that_cannot_be_written_is_said_so(tmp_path):
    with pytest.raises(ModelFileError, match="cannot be written"):
        write_model(LearnedModel.untrained(), tmp_path / "nowhere" / "model.npz")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda raw: b"", "is not a scorer model"),
        (lambda raw: b"not an archive", "is not a scorer model"),
        (lambda raw: raw[: len(raw) // 2], "is not a scorer model"),
        (lambda raw: changed(raw, weights=None), "is not a scorer model"),
        (lambda raw: changed(raw, weights=np.zeros(3, np.float16)), "is damaged"),
        (lambda raw: changed(raw, means=np.full(45, np.nan)), "is damaged"),
        (lambda raw: changed(raw, scales=np.zeros(45)), "is damaged"),
        (lambda raw: changed(raw, tree_features=np.full((120, 31), 99, np.int16)), "is damaged"),
        (lambda raw: changed(raw, tree_features=np.zeros((120, 30), np.int16)), "is damaged"),
        (
            lambda raw: changed(raw, header=np.frombuffer(b"[]", np.uint8)),
            "is not a scorer model of",
        ),
        (
            lambda raw: header(raw, b'"gearshift-scorer"', b'"something-else-"'),
            "is not a scorer model",
        ),
        (lambda raw: header(raw, b'"format_version": 1', b'"format_version": 2'), "has format 2"),
        (lambda raw: header(raw, b'"features_version": 1', b'"features_version": 9'), "another"),
        (lambda raw: header(raw, b'"base": ', b'"base": "x", "b": '), "'x' is not a number"),
        (lambda raw: header(raw, b'"base": ', b'"base": NaN, "b": '), "nan is not a number"),
    ],
)
def test_what_is_damaged_foreign_or_newer_is_refused(raw, spoil, said):
    with pytest.raises(ModelFileError, match=said):
        model_of(spoil(raw), "file.npz")


def test_pickles_are_not_opened(raw, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    with pytest.raises(ModelFileError):
        model_of(changed(raw, weights=np.array([Trap()], dtype=object)), "file.npz")
    assert not (tmp_path / "sprung").exists()


def test_what_is_small_only_because_it_is_packed_is_refused(raw):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", bytes(learned_file._LARGEST + 1))
    with pytest.raises(ModelFileError, match="too large"):
        model_of(bomb.getvalue(), "file.npz")


def test_a_large_file_is_not_even_read(tmp_path):
    file = tmp_path / "large.npz"
    with file.open("wb") as opened:
        opened.truncate(learned_file._LARGEST + 1)
    with pytest.raises(ModelFileError, match="larger than"):
        read_model(file)
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_model(tmp_path)


@settings(deadline=None)
@given(place=st.integers(0, len(RAW) - 1), byte=st.integers(1, 255))
def test_a_wrong_byte_is_refused_or_harmless(place, byte):
    spoilt = bytearray(RAW)
    spoilt[place] ^= byte
    try:
        model = model_of(bytes(spoilt), "file.npz")
    except ModelFileError:
        return
    assert 0 <= LearnedScorer(model=model).score(PROMPT).score <= 10
