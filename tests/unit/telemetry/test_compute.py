"""Compute: what failed before is charged to us, and the baseline stays what it was."""

import pytest
from tests.fakes.finished import finished

from gearshift.telemetry.compute import Accounting
from gearshift.types import Cause, Deployment, Usage

SIZES = {("u", "small"): 2.0, ("u", "big"): 7.0}
ACCOUNTING = Accounting(lambda upstream, model: SIZES.get((upstream, model)), lambda: ("u", "big"))
USAGE = Usage(100, 20, 40)


def compute_of(event):
    found = ACCOUNTING.of(event)
    assert found is not None
    return found


def event(model="small", cause=Cause.SCORED, attempts=()):
    made = finished()
    decision = made.decision._replace(upstream="u", model=model, cause=cause)
    return made._replace(decision=decision, usage=USAGE, attempts=attempts)


def test_cached_tokens_cost_nothing_and_the_baseline_has_the_same_tokens():
    assert ACCOUNTING.of(event()) == (2 * 2 * 80, 2 * 7 * 80, 0, 0, 0)


def test_what_the_client_chose_is_no_merit_of_routing():
    used, baseline, *_ = compute_of(event(cause=Cause.FORCED))
    assert used == baseline == 2 * 2 * 80


@pytest.mark.parametrize(
    ("fault", "wasted"),
    [("timeout", 60), ("failed", 60), ("cut_off", 60), ("unreachable", 0), ("cooldown", 0)],
)
def test_a_failure_that_took_work_is_charged_with_the_prompt(fault, wasted):
    found = compute_of(event("big", Cause.FALLBACK, (("u/small", fault),)))
    assert (found.used, found.baseline) == (2 * 7 * 80, 2 * 7 * 80)
    assert found.failed == 2 * 2 * wasted
    assert found.extra == ({"failed": found.failed, "swap": 0} if wasted else {})


def test_a_model_that_had_to_be_loaded_is_charged_with_the_time_at_its_own_pace():
    loaded = event()._replace(load_seconds=6.0, duration_seconds=8.0)
    assert compute_of(loaded).swap == pytest.approx(2 * 2 * 80 * 6 / 2)
    assert compute_of(loaded._replace(load_seconds=0.4)).swap == 0
    whole = loaded._replace(duration_seconds=6.0)  # the engine's clock is not ours
    assert compute_of(whole).swap == pytest.approx(2 * 2 * 80 * 6 / 0.1)


def test_what_nobody_knows_is_not_guessed():
    assert ACCOUNTING.of(event("mystery")) is None
    assert ACCOUNTING.of(event()._replace(usage=None)) is None


def test_embeddings_bear_all_that_they_cost_and_save_nothing():
    made = event(cause=Cause.FALLBACK, attempts=(("u/small", "failed"),))
    loaded = made._replace(load_seconds=6.0, duration_seconds=8.0)
    embedded = loaded._replace(decision=loaded.decision._replace(tier="embeddings"))
    spent = 2 * 2 * 80 + 2 * 2 * 60 + 2 * 2 * 80 * 6 / 2
    assert compute_of(embedded) == pytest.approx((spent, spent, 0, 0, 0))
    assert compute_of(embedded).extra == {}


def test_what_the_cache_spared_is_on_neither_side_of_the_account():
    hit = event()._replace(usage=Usage(), saved=USAGE)
    assert ACCOUNTING.of(hit) == (0, 0, 0, 0, 2 * 2 * 80)


def test_what_a_larger_models_answer_spares_is_the_smaller_ones_compute():
    hit = event("big")._replace(usage=Usage(), saved=USAGE, spared=Deployment("u", "small"))
    assert ACCOUNTING.of(hit) == (0, 0, 0, 0, 2 * 2 * 80)
