"""Comparing: what a change of settings begins anew, and what it does not."""

import asyncio
from types import SimpleNamespace

import pytest

from gearshift.config.loading import Settings
from gearshift.gateway.shadow_evaluation import ShadowEvaluation
from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.metrics import Metrics


def llm(**settings):
    return SimpleNamespace(settings=Settings.model_validate(settings), shared_state=None)


@pytest.fixture
async def comparing():
    made = ShadowEvaluation(Metrics(), Accounting(lambda *_: None, lambda: ("", "big")), None, 2)
    yield made
    await made.aclose()


def sampled(**quality):
    return llm(quality={"shadow_share": 0.5, "daily_tokens": 2_000, **quality})


async def test_the_days_budget_outlives_changes(comparing):
    comparing.switch_to(sampled())
    comparing._budget.spend(990)
    assert comparing._budget.left == 10
    comparing.switch_to(sampled(max_waiting=7))
    assert comparing._budget.left == 10
    comparing.switch_to(llm())
    assert comparing.sampler is None
    comparing.switch_to(sampled())
    assert comparing._budget.left == 10
    comparing.switch_to(sampled(daily_tokens=3_000))
    assert comparing._budget.left == 510


async def test_where_nothing_is_drawn_nothing_listens(comparing):
    comparing.switch_to(llm())
    assert comparing.sampler is None
    comparing.switch_to(sampled())
    assert comparing.sampler is not None
    running = comparing._task
    comparing.switch_to(sampled())
    assert comparing._task is running
    comparing.switch_to(sampled(pause_above=3))
    assert comparing._task is not running
    await asyncio.sleep(0)
    assert running.cancelled()
