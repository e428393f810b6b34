"""Files with scores added: each row as `gearshift score` says it, whole or not at all."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from tests.fakes.exported import written

from gearshift.errors import GearshiftError
from gearshift.offline.engine import one_after_another
from gearshift.offline.exact import ExactSum
from gearshift.offline.files import all_files, parts_of
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import MemoryLimit
from gearshift.offline.scoring import (
    COLUMNS,
    ScoredRows,
    ScorePart,
    score_files,
    targets,
    temporary,
)
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.tier_config import TierConfig

TEXTS = ["What time is it?", "Explain async vs threads", "", "Prove it, step by step: " * 20]
MODELS = {"simple": "small", "complex": "large"}
RULE = TaskComplexityScorer()


class Here:
    """An engine in this process, in the order of its choice."""

    def __init__(self, step=1):
        self.step = step

    def map(self, work, parts):
        return one_after_another(work, parts[:: self.step])


def scored(source, out, *, most=100_000, engine=None, config=None):
    parts = parts_of(all_files(str(source)), most, MemoryLimit())
    work = ScorePart(
        config or TierConfig(), MODELS, targets(parts, str(source), str(out)), MemoryLimit()
    )
    return score_files(engine or Here(), work, parts, lambda part: None)


def rows(out):
    return [row for file in all_files(str(out)) for row in parquet.read_table(file).to_pylist()]


@pytest.fixture
def source(tmp_path):
    texts = [{"number": at, "prompt": TEXTS[at % 4], "score": "old"} for at in range(20)]
    written(tmp_path / "in" / "a.parquet", texts, row_group_size=4)
    written(tmp_path / "in" / "day=1" / "b.parquet", [{"number": 20, "prompt": None}])
    return tmp_path / "in"


def test_each_row_gets_what_the_command_says_of_it(source, tmp_path):
    found = scored(source, tmp_path / "out")
    assert sorted(all_files(str(tmp_path / "out"))) == [
        str(tmp_path / "out" / "a.parquet"),
        str(tmp_path / "out" / "day=1" / "b.parquet"),
    ]
    *some, last = rows(tmp_path / "out")
    assert [row["number"] for row in some] == list(range(20))
    assert list(some[0]) == ["number", "prompt", *COLUMNS]
    for row in some:
        result = RULE.score(row["prompt"])
        assert (row["score"], row["tier"], row["model"]) == (
            result.score,
            result.tier,
            MODELS[result.tier],
        )
        assert dict(row["factors"]) == dict(result.factors)
        assert dict(row["contributions"]) == dict(result.contributions)
        assert (row["reasoning"], row["threshold"]) == (result.reasoning, result.threshold)
        assert (row["scorer"], row["truncated"]) == ("rule", result.truncated)
    assert {last[name] for name in COLUMNS} == {None}
    scores = [row["score"] for row in some]
    assert (found.rows, found.count) == (21, 20)
    assert found.mean == ExactSum.of(scores).mean(20)
    assert found.tiers == {name: [row["tier"] for row in some].count(name) for name in MODELS}


def test_no_division_and_no_order_of_the_work_matters(source, tmp_path):
    whole = scored(source, tmp_path / "whole")
    for most, step in ((4, 1), (8, -1)):
        out = tmp_path / f"divided{most}"
        assert scored(source, out, most=most, engine=Here(step)) == whole
        assert rows(out) == rows(tmp_path / "whole")
    names = [Path(file).name for file in all_files(str(tmp_path / "divided8"))]
    assert names == ["a-00001.parquet", "a-00002.parquet", "a-00003.parquet", "b.parquet"]


@given(st.lists(st.lists(st.sampled_from([0.1, 2.7, 1e-9, 9.99]))), st.randoms())
def test_summaries_of_parts_add_up_exactly(parts, random):
    each = [ScoredRows(len(part), total=ExactSum.of(part)) for part in parts]
    shuffled = random.sample(each, len(each))
    assert ScoredRows.together(shuffled) == ScoredRows.together(each)
    everything = [score for part in parts for score in part]
    assert ScoredRows.together(each).total == ExactSum.of(everything)


@pytest.mark.parametrize("kind", ["list", "text", "jsonl"])
def test_conversations_are_scored_as_such_and_before_prompts(tmp_path, kind):
    messages = [{"role": "user", "content": TEXTS[1]}, {"role": "assistant", "content": "no"}]
    folder = tmp_path / "in"
    row = {"messages": messages, "prompt": "hi"}
    if kind == "jsonl":
        folder.mkdir()
        line = json.dumps(row | {"messages": messages[:1]})
        (folder / "a.jsonl").write_text(f"{line}\n")
    else:
        text = json.dumps(messages)
        written(folder / "a.parquet", [row if kind == "list" else row | {"messages": text}])
    scored(folder, tmp_path / "out")
    (found,) = rows(tmp_path / "out")
    assert found["score"] == RULE.score(TEXTS[1]).score
    assert found["prompt"] == "hi"


def test_what_is_done_is_not_done_again_unless_it_would_be_different(source, tmp_path):
    out = tmp_path / "out"
    first = scored(source, out)
    (file, _) = all_files(str(out))
    os.utime(file, (1, 1))
    assert scored(source, out) == first
    assert os.stat(file).st_mtime == 1
    other = TierConfig(complexity_threshold=9.0)
    assert scored(source, out, config=other).tiers != first.tiers
    assert os.stat(file).st_mtime > 1
    os.utime(file, (1, 1))
    os.utime(source / "a.parquet", (5, 5))
    scored(source, out, config=other)
    assert os.stat(file).st_mtime > 1


def test_a_part_that_fails_is_named_and_leaves_nothing(source, tmp_path):
    damaged = source / "day=1" / "b.parquet"
    content = bytearray(damaged.read_bytes())
    written(source / "c.parquet", [{"text": "x"}])
    out = tmp_path / "out"
    with pytest.raises(
        GearshiftError, match=r"c\.parquet: needs a column `prompt` or `messages`, h"
    ):
        scored(source, out)
    assert [Path(file).name for file in all_files(str(out))] == ["a.parquet"]
    written(source / "c.parquet", [{"prompt": "x" * 100, "n": str(n)} for n in range(100)])
    content = bytearray((source / "c.parquet").read_bytes())
    content[40:200] = bytes(160)
    (source / "c.parquet").write_bytes(content)
    with pytest.raises(GearshiftError, match=r"^/.*c\.parquet: cannot be read: "):
        scored(source, out)
    assert not list(out.rglob(".*"))


def test_messages_that_are_none_are_told_of(tmp_path):
    written(tmp_path / "in" / "a.parquet", [{"messages": '{"role": "user"}'}])
    with pytest.raises(GearshiftError, match=r"a\.parquet: .*`messages` must be a list of objects"):
        scored(tmp_path / "in", tmp_path / "out")


def test_what_a_worker_could_not_clean_up_is_removed(source, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    half = temporary(out / "a.parquet")

    class Interrupted:
        def map(self, work, parts):
            half.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scored(source, out, engine=Interrupted())
    assert not half.exists()


def test_places_where_results_would_be_mixed_up_are_refused(source, tmp_path):
    parts = [FilePart(str(source / "a.parquet")), FilePart(str(source / "a.jsonl"))]
    for out in (source, source / "below", tmp_path):
        with pytest.raises(GearshiftError, match="must not be within"):
            targets(parts[:1], str(source), str(out))
    with pytest.raises(GearshiftError, match="two files would become this one"):
        targets(parts, str(source), str(tmp_path / "out"))
    written(tmp_path / "out" / "stranger.parquet", [{"a": 1}])
    with pytest.raises(GearshiftError, match=r"stranger\.parquet was not made from these files"):
        targets(parts[:1], str(source), str(tmp_path / "out"))


def test_one_file_goes_below_the_folder_under_its_name(source, tmp_path):
    file = str(source / "a.parquet")
    assert targets([FilePart(file)], file, str(tmp_path / "out")) == {
        FilePart(file): str(tmp_path / "out" / "a.parquet")
    }
    below = source / "below"
    assert targets([FilePart(file)], file, str(below)) == {FilePart(file): str(below / "a.parquet")}
    with pytest.raises(GearshiftError, match="the files would replace themselves"):
        targets([FilePart(file)], file, str(source))
