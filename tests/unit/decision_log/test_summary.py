"""The facts of a span of the log: requests, times, compute and what failed."""

import random
import time

import pytest
from sqlalchemy import select, text
from tests.fakes.finished import decision, finished
from tests.fakes.logs import ACCOUNTING

from gearshift.decision_log.database import open_database
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.decision_log.money import Prices
from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.decision_log.schema import HOURS
from gearshift.decision_log.scores import scores_since
from gearshift.decision_log.statements import Statements
from gearshift.decision_log.summary import summarise
from gearshift.telemetry.compute import EXTRA
from gearshift.types import CacheResult, CacheUse, Cause, Usage

NOW_HOUR = int(time.time() // 3_600)


@pytest.fixture
def filled(url, writers):
    writer = writers(url)
    writer.add([finished(seconds=0.1 * number) for number in range(1, 101)])
    writer.add([finished("complex", seconds=2.0, fallback="simple->complex") for _ in range(50)])
    writer.add([finished(time=time.time() - 30 * 3_600) for _ in range(7)])
    writer.stop()
    return url


def test_the_facts_of_a_span(filled):
    engine = open_database(filled)
    summary = summarise(engine, NOW_HOUR - 23)
    assert len(summarise(engine, 0).by_hour("requests")) > 24
    engine.dispose()
    facts = summary.to_json("simple")
    assert facts["requests"] == 150
    assert facts["by_tier"] == {"simple": 100, "complex": 50}
    assert facts["simple_tier_percentage"] == pytest.approx(100 * 100 / 150)
    assert facts["fallbacks"] == 50
    assert facts["latency_seconds"]["simple"]["p50"] == pytest.approx(5.0, rel=0.08)
    assert facts["latency_seconds"]["simple"]["p99"] == pytest.approx(9.9, rel=0.08)
    compute = facts["compute"]
    assert compute["baseline"] == "always-complex"
    assert compute["saved_flops"] == pytest.approx(2 * (7.248e9 - 2.614e9) * 130 * 100)
    assert compute["saved_share"] == pytest.approx(
        compute["saved_flops"] / compute["baseline_flops"]
    )


def test_what_failed_and_what_was_loaded_is_charged_to_us(url, writers):
    writer = writers(url)
    each = 2 * 130
    writer.add([finished(seconds=4.0, load_seconds=3.0)])
    writer.add([finished("complex", attempts=(("local/gemma2:2b", "timeout"),))])
    writer.stop()
    engine = open_database(url)
    facts = summarise(engine, 0).to_json("simple")
    engine.dispose()
    compute = facts["compute"]
    assert compute["swap_flops"] == pytest.approx(3 * each * 2.614e9)
    assert compute["failed_flops"] == pytest.approx(2 * 80 * 2.614e9)
    answers = each * (2.614e9 + 7.248e9)
    beside = compute["swap_flops"] + compute["failed_flops"]
    assert compute["used_flops"] == pytest.approx(answers + beside)
    assert compute["baseline_flops"] == pytest.approx(2 * each * 7.248e9)
    assert set(facts["by_tier"]) == {"simple", "complex"}
    assert facts["requests"] == 2


def summary_of(log, write, *events, since=0):
    write(events)
    return summarise(log, since)


def test_nothing_is_told_of_an_empty_log(log, write):
    facts = summary_of(log, write).to_json("simple")
    assert facts["requests"] == 0
    assert facts["simple_tier_percentage"] is None
    assert facts["compute"]["saved_share"] is None
    assert facts["money"] is None
    assert facts["by_tier"] == facts["by_model"] == facts["latency_seconds"] == {}


def test_sums_by_cause_model_and_tier(log, write):
    summary = summary_of(
        log, write, finished(), finished(), finished("complex", cause=Cause.FORCED)
    )
    facts = summary.to_json("simple")
    assert facts["by_cause"] == {"scored": 2, "forced": 1}
    assert facts["by_model"] == {"gemma2:2b": 2, "mistral:7b-instruct": 1}
    assert facts["average_score"] == {"simple": 2.5, "complex": 5.0}
    assert facts["tokens"] == {"prompt": 300, "completion": 150, "cached": 60}
    assert summary.tiers == ["simple", "complex"]
    assert summary.total("requests", tier="simple", cause="forced") == 0


def test_hours_without_requests_are_nothing_and_not_left_out(log, write):
    summary = summary_of(log, write, finished(time=36_000.0), finished(time=46_800.0))
    assert summary.by_hour("requests") == [1.0, 0.0, 0.0, 1.0]


def test_the_span_begins_with_its_hour(log, write):
    events = finished(time=36_000.0), finished(time=39_600.0)
    assert summary_of(log, write, *events, since=11).to_json("simple")["requests"] == 1


def test_verdicts_are_counted_since_then(log, write):
    events = [finished(time=39_600.0) for _ in range(3)]
    write(events)
    with log.begin() as connection:
        for event, time_, verdict in zip(
            events, (39_599.0, 39_600.0, 40_000.0), ("tie", "loss", "loss"), strict=True
        ):
            row = JudgementRow(event.decision.id, time_, "checks", verdict, 0.0, 1.0, 1.0)
            insert_judgement(connection, row)
    facts = summarise(log, 11).to_json("simple")
    assert facts["quality"]["judgements"] == {"loss": 2}


def prices():
    return Prices("EUR", {"gemma2:2b": (10.0, 0.0, 20.0)}, "gemma2:2b")


def test_money_is_told_where_there_are_prices(log, write):
    facts = summary_of(log, write, finished()).to_json("simple", prices())
    assert facts["money"]["used"] == pytest.approx((80 * 10 + 50 * 20) / 1e6)


def test_percentiles_are_those_of_the_tier(log, write):
    events = [finished(seconds=1.0) for _ in range(95)] + [finished(seconds=50.0)] * 5
    summary = summary_of(log, write, *events, finished("complex", seconds=100.0))
    found = summary.percentiles("simple", "total")
    assert found is not None
    assert found["p50"] == found["p95"] == pytest.approx(1.0, rel=0.07)
    assert found["p99"] == pytest.approx(50.0, rel=0.07)
    assert summary.percentiles("nobody", "total") is None


def test_embeddings_are_in_no_figure_but_their_own(url, writers):
    chats = [finished(), finished("complex")]
    embeddings = [
        finished("embeddings", usage=Usage(1000), cause=Cause.FORCED, load_seconds=0.4)._replace(
            decision=decision("embeddings", model="gemma2:2b", score=None, cause=Cause.FALLBACK)
        )
        for _ in range(8)
    ]
    prices = Prices("EUR", {"gemma2:2b": (10.0, 10.0, 10.0)}, "mistral:7b-instruct")
    told = []
    for events in (chats, [*chats, *embeddings]):
        writer = writers(url)
        writer.add(events)
        writer.stop()
        engine = open_database(url)
        told.append(summarise(engine, 0).to_json("simple", prices))
        engine.dispose()
        writers(url)
    without, with_them = told
    own = with_them.pop("embeddings")
    assert without.pop("embeddings")["requests"] == 0
    assert (own["requests"], own["failures"], own["tokens"]) == (8, 0, 8000)
    assert own["used_flops"] == pytest.approx(8 * 2 * 1000 * 2.614e9)
    assert own["money"] == pytest.approx(8 * 1000 * 10 / 1e6)
    assert own["latency_seconds"]["p50"] == pytest.approx(0.5, rel=0.08)
    assert "embeddings" not in with_them["by_tier"]
    assert with_them["simple_tier_percentage"] == without["simple_tier_percentage"] == 50
    assert with_them["compute"]["saved_share"] == without["compute"]["saved_share"]
    assert with_them["cache"] == without["cache"]


HIT = {
    "cache": CacheUse("memory", CacheResult.HIT),
    "usage": Usage(),
    "saved": Usage(100, 50, 20),
}


def test_hits_cost_nothing_say_what_they_saved_and_time_no_deployment(log, write):
    missed = finished(cache=CacheUse("memory", CacheResult.MISS))
    bypassed = finished(cache=CacheUse("memory", CacheResult.BYPASS))
    hits = [finished(seconds=0.001, **HIT) for _ in range(2)]
    facts = summary_of(log, write, missed, bypassed, *hits).to_json("simple", prices())
    assert facts["requests"] == 4
    assert facts["tokens"] == {"prompt": 200, "completion": 100, "cached": 40}
    assert facts["compute"]["used_flops"] == pytest.approx(2 * 2 * 130 * 2.614e9)
    assert facts["compute"]["unknown_requests"] == 0
    assert facts["latency_seconds"]["simple"]["p50"] == pytest.approx(0.5, rel=0.07)
    assert facts["cache"] == {
        "hits": 2,
        "misses": 1,
        "hit_share": pytest.approx(2 / 3),
        "share_of_requests": pytest.approx(1 / 2),
        "saved_prompt_tokens": 200,
        "saved_completion_tokens": 100,
        "saved_flops": pytest.approx(2 * 2 * 130 * 2.614e9),
    }
    assert facts["money"]["saved_by_cache"] == pytest.approx(2 * (100 * 10 + 50 * 20) / 1e6)


def test_without_a_cache_there_are_no_shares_of_it(log, write):
    cache = summary_of(log, write, finished()).to_json("simple")["cache"]
    assert (cache["hit_share"], cache["share_of_requests"]) == (None, 0.0)
    assert summarise(log, 2**30).to_json("simple")["cache"]["share_of_requests"] is None


def some_requests(drawn, hour):
    """Requests of some hours, as different as they come, late ones among them."""
    usages = (None, Usage(0, 0, 0), Usage(100, 50, 20), Usage(7, 3, 0))
    for _ in range(drawn.randrange(200)):
        tier = drawn.choice(("simple", "complex", "gpt-4o"))
        event = finished(
            tier,
            time=3_600.0 * hour + drawn.randrange(4 * 3_600 * 8) / 8,
            cause=drawn.choice((Cause.SCORED, Cause.FORCED)),
            fallback=drawn.choice((None, "simple->complex")),
            status=drawn.choice((200, 200, 502)),
            usage=drawn.choice(usages),
        )
        score = drawn.choice((None, drawn.randrange(41) / 4))
        yield event._replace(decision=event.decision._replace(score=score))


DIRECT = """
SELECT CAST(floor(time / 3600) AS integer), tier, model, cause, count(*),
    sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END), count(fallback), count(score),
    COALESCE(sum(score), 0), COALESCE(sum(prompt_tokens), 0), COALESCE(sum(completion_tokens), 0),
    COALESCE(sum(cached_tokens), 0), COALESCE(sum(flops), 0), COALESCE(sum(baseline_flops), 0),
    count(*) - count(flops) FROM decisions GROUP BY 1, 2, 3, 4
"""


@pytest.mark.parametrize("seed", range(4))
def test_sums_by_hour_are_those_of_the_rows_to_the_last_digit(log, seed):
    drawn, hour = random.Random(seed), 400_000
    statements, maker = Statements.of(log), RowMaker(b"salt", ACCOUNTING, with_prompts=False)
    for _ in range(4):
        rows, sums = [], Sums()
        for event in some_requests(drawn, hour):
            row, compute = maker.row(event)
            rows.append(row)
            sums.add(event, compute)
        for is_repeated in (False, True)[: drawn.randrange(1, 3)]:
            with log.begin() as connection:
                statements.write(connection, rows, sums, is_repeated=is_repeated)
    with log.connect() as connection:
        direct = {tuple(row[:4]): tuple(row[4:]) for row in connection.execute(text(DIRECT))}
        names = [column for column in HOURS.c if not column.name.startswith(("cache_", "saved_"))]
        kept = connection.execute(select(*names).where(HOURS.c.tier.not_in(EXTRA)))
        assert {tuple(row[:4]): tuple(row[4:]) for row in kept} == direct
        scores = "SELECT CAST(floor(score * 4) AS integer), count(*) FROM decisions "
        counted = dict(connection.execute(text(f"{scores} WHERE score >= 0 GROUP BY 1")).all())
    assert scores_since(log, hour)["requests"] == {at / 4: n for at, n in counted.items()}
