"""AutoTune: when it looks, what it makes of the verdicts, and what it writes."""

import logging

import numpy as np
import pytest
from tests.fakes.finished import decision, finished

from gearshift.config.loading import Settings
from gearshift.decision_log.facts import take_turn
from gearshift.decision_log.judgements import JudgementRow
from gearshift.decision_log.schema import JUDGEMENTS
from gearshift.guarantees.threshold import JudgedScores
from gearshift.quality import auto_tune as auto_tune_module
from gearshift.quality.auto_tune import AutoTune, delta_of_a_run, wise_threshold
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig

SCORER = TaskComplexityScorer(TierConfig())
HOUR = 3_600.0


@pytest.mark.parametrize(
    ("every_hours", "runs"),
    [(24, 30), (1, 720), (0.5, 1_440), (7, 103), (720, 1), (719, 2), (1_000, 1), (8_760, 1)],
)
def test_all_runs_of_a_month_spend_delta_once(every_hours, runs):
    assert delta_of_a_run(0.06, every_hours) == pytest.approx(0.06 / runs)


def judged(losses, scores=None, weights=None):
    scores = np.full(len(losses), 2.0) if scores is None else np.array(scores)
    return JudgedScores(scores, np.array(losses), weights)


@pytest.mark.parametrize(
    ("now", "losses", "found"),
    [
        (3.0, [0.0] * 400, 3.25),  # up by a step
        (0.0, [0.0] * 400, 2.05),  # nothing so low is promised: the lowest that is
        (10.0, [0.0] * 400, 10.0),
    ],
)
def test_the_next_threshold_is_promised_and_needs_no_words(now, losses, found):
    wise, why = wise_threshold(now, judged(losses), 0.05, 0.05)
    assert wise == pytest.approx(found)
    assert why == ""


def test_a_small_threshold_is_one_too(log, verdicts, file):
    assert wise_threshold(0.0, judged([0.0] * 400, [0.5] * 400), 0.05, 0.05) == (0.55, "")
    file.write_text("tiered_routing:\n  complexity_threshold: 0\n")
    verdicts([0.0] * 400, score=0.5)
    AutoTune(file, lambda: HOUR).maybe(log, settings(0.0))
    assert threshold_in(file) == 0.55


def test_answers_above_the_one_that_is_lost_take_the_threshold_down():
    many = judged([0.0] * 400 + [1.0] * 100, [1.0] * 400 + [4.0] * 100)
    assert wise_threshold(5.0, many, 0.05, 0.05) == (4.0, "")


# All of delta is spent where all answers lie, and 0.95 ** 59 < 0.05 < 0.95 ** 58.
@pytest.mark.parametrize(("count", "found"), [(59, 1.25), (58, 0.0)])
def test_alpha_and_delta_decide_how_many_answers_are_enough(count, found):
    scores = [0.5] * count
    assert wise_threshold(1.0, judged([0.0] * count, scores), 0.05, 0.05)[0] == found


def test_too_few_answers_are_said_with_how_many_would_do():
    found, why = wise_threshold(3.0, judged([0.0] * 10), 0.05, 0.04)
    assert found == 0.0
    assert why == (
        ", everything to the large model: 10 judged answers are too few to guarantee anything "
        "at this alpha and confidence (about 90 would be needed)"
    )


def test_where_more_answers_do_not_help_no_number_is_said():
    found, why = wise_threshold(3.0, judged([1.0] * 2_000), 0.05, 0.05)
    assert found == 0.0
    assert why.startswith(", everything to the large model: at no threshold is the observed risk")
    assert why.endswith("a larger alpha or a better small model would")


def test_large_numbers_are_written_as_people_read_them():
    losses = ([0.0] * 100 + [1.0] * 4) * 5
    _, why = wise_threshold(3.0, judged(losses), 0.05, 0.0005)
    assert why.endswith(" would be needed)")
    assert "," in why.rsplit("about ", 1)[1]


def test_answers_that_the_newest_contradict_are_no_promise_and_that_is_said():
    losses = [0.0] * 300 + [0.0] * 55 + [1.0] * 45
    assert wise_threshold(3.0, judged(losses), 0.2, 0.05) == (
        0.0,
        ", everything to the large model: the newest answers contradict what all together show",
    )


@pytest.fixture
def verdicts(log, write):
    """Writes as many verdicts as are said, on the same scorer's scores."""

    def verdicts(gaps, score=2.0):
        is_now = {"scorer": SCORER.name, "scorer_version": SCORER.version, "score": score}
        made = [decision(time=1.0 + number, **is_now) for number in range(len(gaps))]
        write([finished()._replace(decision=one) for one in made])
        rows = [
            JudgementRow(one.id, 2.0, "checks", "tie", 0.5 - gap / 2, 0.5 + gap / 2, 0.5)._asdict()
            for one, gap in zip(made, gaps, strict=True)
        ]
        with log.begin() as connection:
            connection.execute(JUDGEMENTS.insert(), rows)

    return verdicts


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "config.yaml"
    made.write_text("tiered_routing:\n  complexity_threshold: 3\n")
    return made


def settings(threshold=3.0, **tuning):
    return Settings.model_validate(
        {
            "tiered_routing": {"complexity_threshold": threshold},
            "quality": {"auto_tune": {"enabled": True, "alpha": 0.05, "delta": 0.05, **tuning}},
        }
    )


def threshold_in(file):
    return float(file.read_text().rsplit(": ", 1)[1])


def test_nothing_is_written_where_a_variable_sets_the_threshold(
    log, verdicts, file, caplog, monkeypatch
):
    monkeypatch.setenv("GEARSHIFT_TIERED_ROUTING__COMPLEXITY_THRESHOLD", "3")
    verdicts([0.0] * 400)
    with caplog.at_level(logging.INFO):
        AutoTune(file, lambda: HOUR).maybe(log, settings())
    assert threshold_in(file) == 3.0
    assert "auto_tune: nothing done: tiered_routing.complexity_threshold is set by" in caplog.text


def test_a_promised_threshold_is_written_a_step_at_a_time(log, verdicts, file, caplog):
    verdicts([0.0] * 400)
    AutoTune(file, lambda: HOUR).maybe(log, settings())
    assert threshold_in(file) == 3.25
    assert "threshold 3 -> 3.25; written: complexity_threshold 3.25" in caplog.text


def test_gains_make_up_for_no_losses_and_any_loss_counts_whole(log, verdicts, file):
    verdicts([0.25] * 40 + [-1.0] * 360)  # 10 % are worse, if only a little
    AutoTune(file, lambda: HOUR).maybe(log, settings())
    assert threshold_in(file) == 0
    file.write_text("tiered_routing:\n  complexity_threshold: 3\n")
    AutoTune(file, lambda: 48 * HOUR).maybe(log, settings(alpha=0.3))
    assert threshold_in(file) == 3.25


def test_a_threshold_that_is_right_is_left_alone(log, verdicts, file, caplog):
    caplog.set_level(logging.INFO)
    verdicts([0.0] * 400)
    file.write_text("# mine\ntiered_routing: {complexity_threshold: 10}\n")
    AutoTune(file, lambda: HOUR).maybe(log, settings(10.0))
    assert file.read_text() == "# mine\ntiered_routing: {complexity_threshold: 10}\n"
    assert "stays at 10 (400 judged)" in caplog.text


def test_nothing_is_done_before_its_time_whoever_did_it_last(log, verdicts, file):
    verdicts([0.0] * 400)
    now = [HOUR]
    tuning = settings(every_hours=2)
    AutoTune(file, lambda: now[0]).maybe(log, tuning)
    assert threshold_in(file) == 3.25
    for later, wanted in ((3 * HOUR - 1, 3.0), (3 * HOUR, 3.25), (5 * HOUR - 1, 3.0)):
        file.write_text("tiered_routing:\n  complexity_threshold: 3\n")
        now[0] = later
        AutoTune(file, lambda: now[0]).maybe(log, tuning)
        assert threshold_in(file) == wanted


def test_its_turn_is_no_other_ones(log, verdicts, file):
    verdicts([0.0] * 400)
    take_turn(log, "quality_watch", HOUR, HOUR)
    AutoTune(file, lambda: HOUR + 1).maybe(log, settings())
    assert threshold_in(file) == 3.25


def test_what_one_run_may_spend_depends_on_how_often_it_runs(log, verdicts, file):
    verdicts([0.0] * 120)  # enough for one run a month, too few for one an hour
    AutoTune(file, lambda: HOUR).maybe(log, settings(every_hours=720))
    assert threshold_in(file) == 3.25
    AutoTune(file, lambda: 2 * 720 * HOUR).maybe(log, settings(every_hours=1))
    assert threshold_in(file) == 0


def test_a_log_without_verdicts_and_a_file_without_a_place_are_said_and_no_more(
    log, verdicts, file, caplog
):
    caplog.set_level(logging.INFO)
    AutoTune(file, lambda: HOUR).maybe(log, settings())
    assert "auto_tune: nothing done: the decision log has no requests" in caplog.text
    verdicts([0.0] * 400)
    AutoTune(file.with_name("gone.yaml"), lambda: 48 * HOUR).maybe(log, settings())
    assert "gone.yaml" in caplog.text
    assert threshold_in(file) == 3


def test_a_scorer_is_loaded_once_for_each_routing(log, verdicts, file, monkeypatch):
    loaded = []

    def load(routing):
        loaded.append(routing)
        return load_scorer(routing)

    monkeypatch.setattr(auto_tune_module, "load_scorer", load)
    verdicts([0.0] * 400)
    now = [0.0]
    tune = AutoTune(file, lambda: now[0])
    first, other = settings(), settings(4.0)
    for wanted in (first, first, settings(), other, other, first):
        now[0] += 48 * HOUR
        tune.maybe(log, wanted)
    routings = [first.tiered_routing, other.tiered_routing, first.tiered_routing]
    assert loaded == routings


def test_weights_of_the_log_count(log, verdicts, file, monkeypatch):
    seen = []

    def promised(answers, **kept):
        seen.append((answers, kept))
        return []

    monkeypatch.setattr(auto_tune_module, "promised", promised)
    verdicts([0.5, -0.5, 0.0])
    AutoTune(file, lambda: HOUR).maybe(log, settings(alpha=0.1, delta=0.3))
    ((answers, kept),) = seen
    assert answers.scores.tolist() == [2.0] * 3
    assert answers.losses.tolist() == [1.0, 0.0, 0.0]
    assert answers.weights.tolist() == [2.0] * 3
    assert kept == {"alpha": 0.1, "delta": pytest.approx(0.01), "risk": "small"}
