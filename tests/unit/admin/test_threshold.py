"""What every threshold would do to the traffic of the log."""

import pytest
from tests.fakes.finished import finished

from gearshift.admin import threshold
from gearshift.admin.threshold import BASELINE
from gearshift.decision_log.database import open_database
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.types import Usage


def scored(score, tokens=100):
    event = finished(usage=Usage(tokens, 0, 0), prompt=f"prompt {score}")
    return event._replace(decision=event.decision._replace(score=score))


def at(found, value):
    return next(step for step in found["steps"] if step["threshold"] == value)


async def test_share_and_compute_at_every_quarter_point(desks):
    context = desks([scored(1.0), scored(2.5, 300), scored(6.0), scored(None)])
    found = await threshold.facts(context, {})
    assert (found["scored"], found["threshold"], found["baseline"]) == (3, 3, BASELINE)
    assert [step["threshold"] for step in found["steps"]] == [n / 4 for n in range(41)]
    saving = 1 - 2.614 / 7.248
    for value, share, tokens in ((1.0, 0, 0), (1.25, 1, 100), (2.75, 2, 400), (10.0, 3, 500)):
        step = at(found, value)
        assert step["share_simple"] == pytest.approx(share / 3)
        assert step["compute_saved"] == pytest.approx(saving * tokens / 500)
        assert step["quality"] is None


async def test_without_requests_nothing_is_known(desks):
    step = at(await threshold.facts(desks(), {}), 3.0)
    assert (step["share_simple"], step["compute_saved"]) == (None, None)


async def test_without_sizes_the_compute_is_not_known(desks):
    models = {"simple": "mystery", "complex": "riddle"}
    context = desks([scored(1.0)], tiered_routing={"models": models})
    step = at(await threshold.facts(context, {}), 3.0)
    assert (step["share_simple"], step["compute_saved"]) == (1.0, None)


async def test_quality_is_told_where_enough_was_judged(desks):
    events = [scored(number % 10 + 0.5) for number in range(200)]
    context = desks(events, with_prompts=True)
    engine = open_database(context.llm.settings.decision_log.url)
    with engine.begin() as connection:
        for number, event in enumerate(events):
            weak = float(number % 10 < 5)
            insert_judgement(
                connection,
                JudgementRow(event.decision.id, 1e9, "checks", "tie", weak, 1.0, 1.0),
            )
    engine.dispose()
    found = await threshold.facts(context, {})
    known = [step for step in found["steps"] if step["quality"] is not None]
    assert known
    low, high = at(found, 1.0)["quality"], at(found, 10.0)["quality"]
    assert low["estimate"] > high["estimate"]
    assert high["ci"][0] <= high["estimate"] <= high["ci"][1]
    assert set(low) == {"estimate", "ci", "n", "method"}


@pytest.mark.parametrize(
    ("tiers", "has_changer", "can_change"), [(2, True, True), (2, False, False), (3, True, False)]
)
async def test_it_can_be_changed_where_there_is_one_threshold_and_somebody_to_do_it(
    desks, tiers, has_changer, can_change
):
    listed = [{"name": f"t{n}", "below": 3 + n, "deployments": [f"m{n}"]} for n in range(tiers)]
    del listed[-1]["below"]
    context = desks(tiered_routing={"tiers": listed})
    context.changer = object() if has_changer else None
    assert (await threshold.facts(context, {}))["can_change"] is can_change
