"""What a view may ask: the log in a thread, and spans that there are."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from gearshift.admin.context import SPANS, AdminContext, hours_of, query_of
from gearshift.config.loading import Settings
from gearshift.decision_log.database import DecisionLogError
from gearshift.errors import RequestError


def made(**log) -> AdminContext:
    settings = Settings.model_validate({"decision_log": log})
    topology = SimpleNamespace(tiers={})
    llm: Any = SimpleNamespace(settings=settings, health=SimpleNamespace(topology=topology))
    return AdminContext(llm)


@pytest.fixture
def context(tmp_path):
    context = made(enabled=True, url=f"sqlite:///{tmp_path / 'log.db'}")
    yield context
    context.close()


async def test_the_log_is_asked_in_a_thread(context):
    assert context.has_log
    assert await context.ask_log(lambda engine: threading.current_thread().name) != "MainThread"


async def test_where_there_is_no_log_the_setting_is_named():
    context = made(enabled=False)
    with pytest.raises(RequestError, match=r"decision_log\.enabled") as caught:
        await context.ask_log(lambda engine: 1)
    assert caught.value.status == 503


@pytest.mark.parametrize(
    "error",
    [
        DecisionLogError("it is\n locked"),
        OperationalError("SELECT secret", {}, Exception("it is locked")),
    ],
)
async def test_trouble_with_the_log_is_one_line_without_the_statement(context, error):
    def ask(engine):
        raise error

    with pytest.raises(RequestError) as caught:
        await context.ask_log(ask)
    assert str(caught.value) == "the decision log is unavailable: it is locked"
    assert caught.value.status == 503


async def test_a_defect_is_no_trouble_with_the_log(context):
    with pytest.raises(ZeroDivisionError):
        await context.ask_log(lambda engine: 1 / 0)


def test_the_smallest_tier_is_the_first(context):
    assert context.lowest == "simple"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("since=7d&tier=a%20b", {"since": "7d", "tier": "a b"}),
        ("a=1&a=2", {"a": "2"}),
        ("a=&b=1", {"b": "1"}),
    ],
)
def test_of_several_fields_with_one_name_the_last_counts(text, expected):
    assert query_of(text) == expected


@pytest.mark.parametrize(("since", "hours"), [("1h", 1), ("24h", 24), ("7d", 168), ("30d", 720)])
def test_spans_are_hours(since, hours):
    assert hours_of({"since": since}) == hours


def test_a_query_of_too_many_fields_is_the_clients_fault():
    assert len(query_of("&".join(f"f{n}=1" for n in range(50)))) == 50
    with pytest.raises(RequestError, match="50") as caught:
        query_of("&".join(f"f{n}=1" for n in range(51)))
    assert caught.value.status == 400


def test_without_a_span_it_is_a_day():
    assert hours_of({}) == 24


@pytest.mark.parametrize("since", ["", "2h", "24H", "-1h"])
def test_another_span_is_refused_with_those_that_there_are(since):
    with pytest.raises(RequestError, match=", ".join(SPANS)) as caught:
        hours_of({"since": since})
    assert (caught.value.status, caught.value.field) == (400, "since")
