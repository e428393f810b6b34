import json

import click
import pytest
from click.testing import CliRunner
from tests.fakes.exported import exported
from tests.fakes.exported import written as written_rows
from tests.fakes.traffic import outcomes

from gearshift.cli.offline import Offline
from gearshift.cli.options import load
from gearshift.cli.train import LEARNED, _exported, _logged, command
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.learned_file import read_model
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GEARSHIFT_CONFIG", raising=False)


def written(rows, name="made.jsonl"):
    with open(name, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return name


def train(*arguments):
    result = CliRunner().invoke(command, [*arguments, "--rounds=100"], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_it_writes_a_model_that_the_configuration_can_name(tmp_path):
    rows = outcomes(300)
    facts = json.loads(train(written(rows), "--out", "mine.npz", "--json").stdout)
    assert facts["scorers"][LEARNED]["apgr_above_rule_ci"][0] > 0
    assert facts["labels"] == 300
    assert facts["shares"]["1"] >= facts["shares"]["3"] >= facts["shares"]["9"]
    scorer = load_scorer(TierConfig(scorer="mine.npz"))
    assert scorer.name == "learned"
    hard, easy = (scorer.score(row["prompt"]).score for row in (
        next(row for row in rows if "chess" in row["prompt"]),
        next(row for row in rows if "cooking" in row["prompt"]),
    ))  # fmt: skip
    assert hard > easy
    assert read_model(tmp_path / "mine.npz").facts["files"] == {"made": 300}


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    file = written(outcomes(80))
    for name in ("a.npz", "b.npz"):
        train(file, "--out", name, "--force", "--seed=7")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_what_is_not_better_than_the_rule_is_not_written_unless_forced(tmp_path):
    file = written(outcomes(120, noise=0.5))
    with pytest.raises(GearshiftError, match="not better than the rule"):
        train(file, "--out", "mine.npz")
    assert not (tmp_path / "mine.npz").exists()
    assert "written" in train(file, "--out", "mine.npz", "--force").stdout
    assert (tmp_path / "mine.npz").exists()


def test_rows_of_the_test_split_are_not_learned_from():
    rows = [
        row | {"split": "test" if number % 3 == 0 else "train"}
        for number, row in enumerate(outcomes(300))
    ]
    facts = json.loads(train(written(rows), "--out", "mine.npz", "--json").stdout)
    assert facts["labels"] == 200


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (outcomes(29), "29 rows to learn from, 30 are needed"),
        ([row | {"split": "test"} for row in outcomes(50)], "0 rows to learn from"),
        ([row | {"weak_score": 0.5} for row in outcomes(50)], "the same"),
        ([row | {"weak_score": 1.0} for row in outcomes(50)], "the same"),
        ([row | {"weak_score": float("nan")} for row in outcomes(50)], "not outcomes"),
        ([{"prompt": "only"}] * 50, "not outcomes"),
        ([], "empty"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(tmp_path, rows, said):
    with pytest.raises(GearshiftError, match=said):
        train(written(rows), "--out", "mine.npz")
    assert not (tmp_path / "mine.npz").exists()


def test_duplicates_are_remarked_upon():
    rows = outcomes(60)
    result = train(written(rows + rows[:20]), "--out", "mine.npz", "--force")
    assert "20 prompts occur again" in result.stderr


@pytest.mark.parametrize("out", ["model", "nowhere/model.npz", "folder.npz"])
def test_a_bad_target_is_found_before_the_work(tmp_path, out):
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(click.UsageError, match="--out"):
        train(written(outcomes(50)), "--out", out)


def test_exported_files_have_the_same_to_learn_from_as_the_log(tmp_path):
    config, out = exported(tmp_path, 60)
    offline = Offline(str(out), "duckdb", 1, "")
    learned = _exported(offline)
    assert learned == _logged(load(str(config)))
    assert all(request.prompt for request in learned)
    asked = ("--from", str(out), "--out", "mine.npz", "--workers=1", "--json")
    with pytest.raises(GearshiftError, match="rows to learn from, 30 are needed"):
        train(*asked, *("--config", str(config)))


def test_files_and_an_export_are_not_mixed():
    with pytest.raises(click.UsageError, match="give FILEs or --from PATH, not both"):
        train("a.jsonl", "--from", "x", "--out", "mine.npz")


@pytest.mark.parametrize(
    ("table", "said"),
    [("decisions", "there are no judgements"), ("judgements", "there are no decisions")],
)
def test_an_export_without_one_of_its_tables_is_said(tmp_path, table, said):
    source = written_rows(tmp_path / "in" / f"{table}.parquet", [{"id": "a"}]).parent
    with pytest.raises(GearshiftError, match=said):
        train("--from", str(source), "--out", "mine.npz")


def test_an_export_without_judged_requests_is_said(tmp_path):
    request = {"id": "a", "time": 1.0, "score": 1.0}
    written_rows(tmp_path / "decisions.parquet", [request])
    written_rows(tmp_path / "judgements.parquet", [{"decision_id": "b"}])
    with pytest.raises(GearshiftError, match="no request has both of its answers judged"):
        train("--from", str(tmp_path), "--out", "mine.npz")
