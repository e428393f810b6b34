import gzip
import json

import pytest

from gearshift.errors import GearshiftError
from gearshift.evaluation.outcomes import pooled, read_outcomes


def row(number, weak=0.0, strong=1.0, **more):
    return {"prompt": f"prompt {number}", "weak_score": weak, "strong_score": strong, **more}


def written(path, rows):
    path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows))
    return str(path)


def test_rows_are_read_and_selected(tmp_path):
    rows = [row(1, split="train"), row(2, 0.5, split="test"), row(3)]
    packed = tmp_path / "some.jsonl.gz"
    packed.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    found = read_outcomes(str(packed))
    assert found.name == "some"
    assert found.splits == ("train", "test", "")
    assert found.select("test").prompts == ("prompt 2",)
    assert found.select("all") is found
    assert pooled([found, found]).gap.tolist() == [1.0, 0.5, 1.0] * 2


@pytest.mark.parametrize(
    "bad",
    [
        "no json",
        "[1]",
        row(1, weak=float("nan")),
        row(1, weak=1.5),
        row(1, strong="1"),
        row(1, strong=True),
        {"prompt": " ", "weak_score": 0, "strong_score": 1},
        {"weak_score": 0, "strong_score": 1},
        row(1, split=3),
    ],
)
def test_a_bad_row_is_named_and_more_than_one_in_a_hundred_refused(tmp_path, bad):
    good = [row(number) for number in range(2, 202)]
    found = read_outcomes(written(tmp_path / "a.jsonl", [*good, bad]))
    assert len(found.prompts) == 200
    assert any("a.jsonl:201" in remark for remark in found.remarks())
    with pytest.raises(GearshiftError, match=r"3 of 203 lines.*more than 1 %.*a\.jsonl:201"):
        read_outcomes(written(tmp_path / "a.jsonl", [*good, bad, bad, bad]))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(GearshiftError, match="empty"):
        read_outcomes(written(tmp_path / "a.jsonl", []))


def test_what_cannot_be_measured_is_refused(tmp_path):
    same = read_outcomes(written(tmp_path / "a.jsonl", [row(n, 1.0) for n in range(5)]))
    with pytest.raises(GearshiftError, match="no gap to recover"):
        same.check()
    with pytest.raises(GearshiftError, match="no rows"):
        same.select("valid").check()


def test_odd_data_is_remarked_upon(tmp_path):
    rows = [row(1, split="train"), {**row(1, split="test"), "prompt": "Prompt  1"}]
    remarks = " ".join(read_outcomes(written(tmp_path / "a.jsonl", rows)).remarks())
    assert "1 prompts occur again" in remarks
    assert "in test and in another split" in remarks
    assert "only 2 rows" in remarks
    swapped = read_outcomes(written(tmp_path / "a.jsonl", [row(n, 1.0, 0.0) for n in range(40)]))
    assert "swapped" in " ".join(swapped.remarks())
