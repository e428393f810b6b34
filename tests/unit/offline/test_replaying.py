"""Replays of files: the same as of the database, however they are divided."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.exported import NOW, divided, exported, written

from gearshift.cli.options import load
from gearshift.cli.stats import open_log
from gearshift.decision_log.judged import judged_requests
from gearshift.decision_log.moved import moved_at, rescored_at
from gearshift.decision_log.rated import rated_requests
from gearshift.errors import GearshiftError
from gearshift.offline.files import parts_of, table_files
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import MemoryLimit
from gearshift.offline.replaying import Counts, Replayed, ReplayPart
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.tier_config import TierConfig

COUNT = 60
SINCE = NOW - 3 * 86_400
RULE = TaskComplexityScorer()


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    config, out = exported(tmp_path_factory.mktemp("log"), COUNT)
    engine = open_log(load(str(config)))
    yield engine, out
    engine.dispose()


def replayed(out, threshold, since=0.0, scorer=None, reverse=False):
    judgements = tuple(table_files(str(out), "judgements"))
    parts = parts_of(table_files(str(out), "decisions"), 1_000, MemoryLimit())
    work = ReplayPart(threshold, since, judgements, scorer, MemoryLimit())
    return Replayed.together([work(part) for part in (parts[::-1] if reverse else parts)])


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(
    st.permutations(range(COUNT)),
    st.lists(st.integers(0, COUNT), max_size=4),
    st.floats(0, 10),
    st.sampled_from([0.0, SINCE]),
)
def test_no_order_and_no_division_matters(log, tmp_path_factory, order, cuts, threshold, since):
    engine, whole = log
    out = tmp_path_factory.mktemp("divided")
    divided(whole / "decisions.parquet", out / "decisions", order, cuts)
    (out / "judgements.parquet").symlink_to(whole / "judgements.parquet")
    found = replayed(out, threshold, since, reverse=bool(len(cuts) % 2))
    assert found.moved == moved_at(engine, threshold, since)
    assert [request._replace(prompt=None) for request in judged_requests(engine)] == found.judged
    assert found.rated == rated_requests(engine, since)


def test_another_scorer_reads_what_was_kept(log):
    engine, out = log
    found = replayed(out, 2.5, SINCE, TierConfig())
    assert found.moved == rescored_at(engine, lambda text: RULE.score(text).score, 2.5, SINCE)
    assert [(request.time, request.score) for request in found.judged] == [
        (request.time, RULE.score(request.prompt or "").score)
        for request in judged_requests(engine)
    ]
    assert found.rated == []


def test_files_from_elsewhere_need_three_columns(tmp_path):
    rows = [{"time": 1, "score": score, "threshold": 3} for score in (1, 2.5, 4, None)]
    file = written(tmp_path / "decisions.parquet", rows)
    assert replayed(tmp_path, 2.0).counts == Counts(n=3, simple=1, moved=1)
    file.unlink()
    (tmp_path / "decisions.jsonl").write_text('{"time": 1, "score": 1, "threshold": 3}\n' * 2)
    assert replayed(tmp_path, 2.0).counts == Counts(n=2, simple=2)
    written(tmp_path / "other.parquet", [{"time": 1.0}])
    with pytest.raises(GearshiftError, match=r"other\.parquet: needs the columns time, score, thr"):
        ReplayPart(3.0, 0.0, (), None, MemoryLimit())(FilePart(str(tmp_path / "other.parquet")))


@given(st.lists(st.tuples(*[st.integers(0, 2**62)] * 5), max_size=5), st.randoms())
def test_whole_numbers_are_exact_however_large(counts, random):
    each = [Replayed(Counts(*numbers), Replayed.together([]).verdicts) for numbers in counts]
    shuffled = random.sample(each, len(each))
    assert Replayed.together(shuffled) == Replayed.together(each)
    assert Replayed.together(each).counts.tokens == sum(numbers[3] for numbers in counts)
