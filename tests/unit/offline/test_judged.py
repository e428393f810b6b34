"""Judged and rated requests in files: the same as in the database, however they are divided."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from tests.fakes.exported import divided, exported, written

from gearshift.cli.options import load
from gearshift.cli.stats import open_log
from gearshift.decision_log.judged import judged_requests
from gearshift.decision_log.rated import rated_requests, ratings
from gearshift.errors import GearshiftError
from gearshift.offline.files import parts_of, table_files
from gearshift.offline.judged import FindJudged, Verdicts, together, verdicts_on
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import MemoryLimit, opened

COUNT = 60


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """What the database says, and the folder of the export."""
    config, out = exported(tmp_path_factory.mktemp("log"), COUNT)
    engine = open_log(load(str(config)))
    expected = judged_requests(engine), rated_requests(engine)
    engine.dispose()
    assert all(expected)
    return expected, out


def found(out, **options):
    """The verdicts of all parts of a folder."""
    judgements = table_files(str(out), "judgements")
    parts = parts_of(table_files(str(out), "decisions"), 1_000, MemoryLimit())
    with opened(MemoryLimit()) as connection:
        return Verdicts.together(
            [verdicts_on(connection, part, judgements, **options) for part in parts]
        )


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.permutations(range(COUNT)), st.lists(st.integers(0, COUNT), max_size=4), st.randoms())
def test_no_order_and_no_division_matters(log, tmp_path_factory, order, cuts, random):
    (judged, rated), whole = log
    out = tmp_path_factory.mktemp("divided")
    divided(whole / "decisions.parquet", out / "decisions", order, cuts)
    rows = parquet.read_metadata(whole / "judgements.parquet").num_rows
    shuffled = random.sample(range(rows), rows)
    divided(whole / "judgements.parquet", out / "judgements", shuffled, [rows // 2])
    verdicts = found(out, with_prompts=True)
    assert together([verdicts.judged[1:], verdicts.judged[:1]]) == judged
    assert ratings(verdicts.rated) == rated


def test_prompts_are_read_only_where_they_are_wanted(log):
    _, out = log
    assert {row.prompt for row in found(out, with_prompts=False).judged} == {None}
    file = str(out / "decisions.parquet")
    work = FindJudged((str(out / "judgements.parquet"),), MemoryLimit())
    assert all(row.prompt for row in work(FilePart(file)))


def test_of_a_verdict_that_was_replaced_the_last_counts(log, tmp_path):
    _, out = log
    (said, *_) = [
        row
        for row in parquet.read_table(out / "judgements.parquet").to_pylist()
        if row["judge"] == "user"
    ]
    requests = out / "decisions.parquet"
    rows = parquet.read_table(requests).to_pylist()
    for row in rows:
        row.update(movable=True, fallback=None, score=row["score"] or 1.0)
    (tmp_path / "decisions.parquet").unlink(missing_ok=True)
    written(tmp_path / "decisions.parquet", rows)
    first, second = (
        said | {"verdict": word, "time": when} for word, when in (("good", 10.0), ("bad", 20.0))
    )
    for day, row in (("2026-01-02", second), ("2026-01-01", first)):
        written(tmp_path / "judgements" / f"{day}.parquet", [row])
    (kept,) = found(tmp_path, with_prompts=False).rated
    assert kept.verdict == "bad"


def test_judgements_from_elsewhere_need_little(tmp_path):
    rows = [{"id": "a", "time": 1.0, "score": 2.0}, {"id": "b", "time": 2.0, "score": None}]
    written(tmp_path / "decisions.parquet", rows)
    (tmp_path / "judgements.jsonl").write_text(
        '{"decision_id": "a", "weak_score": 0.5, "strong_score": 1}\n'
        '{"decision_id": "b", "weak_score": 0.5, "strong_score": 1}\n'
        '{"decision_id": "a", "weak_score": 1, "strong_score": 1}\n'
    )
    (request,) = together([found(tmp_path, with_prompts=True).judged])
    assert (request.weak_score, request.strong_score, request.propensity) == (0.75, 1.0, 1.0)


def test_without_judgements_there_is_nothing_to_find(log):
    _, out = log
    with opened(MemoryLimit()) as connection:
        part = FilePart(str(out / "decisions.parquet"))
        assert verdicts_on(connection, part, (), with_prompts=True) == Verdicts()


def test_a_column_that_is_missing_is_named(tmp_path):
    written(tmp_path / "decisions.parquet", [{"id": "a"}])
    written(tmp_path / "judgements.parquet", [{"decision_id": "a"}])
    with pytest.raises(GearshiftError, match="needs the columns id, time, score; time, score are"):
        found(tmp_path, with_prompts=False)
