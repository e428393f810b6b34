"""Judged requests of a log, as numbers for the guarantees."""

from dataclasses import replace

import pytest
from tests.fakes.finished import decision, finished

from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.errors import GearshiftError
from gearshift.quality.logged import logged_answers
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.tier_config import TierConfig


class Learned:
    """A scorer that was trained on the log: each prompt's score is its length."""

    name, version = "learned", "7"
    learned_until = 100.0

    def score(self, text):
        return replace(TaskComplexityScorer(TierConfig()).score(""), score=float(len(text)))


@pytest.fixture
def judge(log, write):
    """Writes a request with its verdict."""

    def judge(time, weak, strong, propensity=1.0, *, prompt="", kept=False, **changes):
        made = decision(time=time, **changes)
        message = [{"role": "user", "content": prompt}]
        write([finished(messages=message)._replace(decision=made)], with_prompts=kept)
        with log.begin() as connection:
            row = JudgementRow(made.id, time, "checks", "tie", weak, strong, propensity)
            insert_judgement(connection, row)

    return judge


def test_every_request_has_its_score_its_gap_and_its_weight(log, judge):
    scorer = TaskComplexityScorer(TierConfig())
    is_now = {"scorer": scorer.name, "scorer_version": scorer.version}
    judge(2.0, 0.25, 1.0, 0.5, prompt="123", score=1.5, **is_now)
    judge(1.0, 1.0, 0.5, 0.125, prompt="12345", score=6.0, **is_now)
    found = logged_answers(log, scorer)
    assert found.scores.tolist() == [6.0, 1.5]
    assert found.gap.tolist() == [-0.5, 0.75]
    assert found.weights.tolist() == [8.0, 2.0]
    assert found.characters == [5, 3]
    assert (found.left_out, found.learned_from) == (0, 0)


def test_what_another_scorer_has_scored_is_scored_again_where_the_words_were_kept(log, judge):
    judge(101.0, 1.0, 1.0, prompt="lost words", score=9.0)
    judge(102.0, 1.0, 1.0, prompt="1234567", kept=True, score=9.0)
    judge(103.0, 1.0, 1.0, score=9.0, scorer="learned", scorer_version="6")
    judge(104.0, 1.0, 0.0, score=2.5, scorer="learned", scorer_version="7")
    judge(105.0, 1.0, 0.0, prompt="123", kept=True, score=8.0, scorer="learned")
    found = logged_answers(log, Learned())
    assert found.scores.tolist() == [7.0, 2.5, 3.0]
    assert found.gap.tolist() == [0.0, -1.0, -1.0]
    assert (found.left_out, found.learned_from) == (2, 0)


def test_what_a_scorer_has_learned_from_says_nothing_of_it(log, judge):
    is_now = {"scorer": "learned", "scorer_version": "7"}
    judge(99.0, 0.0, 1.0, score=1.0, **is_now)
    judge(100.0, 0.0, 1.0, score=2.0, **is_now)
    with pytest.raises(GearshiftError, match="trained on all of the 2 judged requests"):
        logged_answers(log, Learned())
    judge(100.5, 1.0, 1.0, score=3.0, **is_now)
    found = logged_answers(log, Learned())
    assert found.scores.tolist() == [3.0]
    assert (found.left_out, found.learned_from) == (0, 2)


def test_a_scorer_that_learns_nothing_takes_everything(log, judge):
    scorer = TaskComplexityScorer(TierConfig())
    judge(0.5, 1.0, 1.0, score=3.0, scorer=scorer.name, scorer_version=scorer.version)
    assert logged_answers(log, scorer).scores.tolist() == [3.0]


def test_a_log_without_verdicts_is_an_error(log):
    with pytest.raises(GearshiftError, match="no requests whose small and large answers"):
        logged_answers(log, Learned())
