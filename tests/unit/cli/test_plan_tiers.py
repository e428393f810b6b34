"""What `--tier` reads."""

import click
import pytest

from gearshift.cli.plan_tiers import TierSpec, TierType


def read(text):
    return TierType().convert(text, None, None)


def test_everything_that_can_be_stated():
    found = read(
        "simple:share=0.6,decode=80,prefill=4e3,overhead=0.1,slots=16,slowdown=0.05,prompt=400,"
        "completion=200,cost=0.8,watts=300,p95=5,first-token=0.5"
    )
    assert found == TierSpec(
        "simple", 0.6, 80.0, 4000.0, 0.1, 16, 0.05, 400.0, 200.0, 0.8, 300.0, 5.0, 0.5
    )


def test_one_value_and_spaces():
    assert read("complex: slots = 4 , cost=0") == TierSpec("complex", slots=4, cost=0.0)


def test_what_is_read_already_stays():
    spec = TierSpec("simple")
    assert read(spec) is spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("simple", "use NAME:KEY=VALUE"),
        (":slots=1", "use NAME:KEY=VALUE"),
        ("simple:", "use NAME:KEY=VALUE"),
        ("simple:slot=1", "unknown key 'slot'; there are share, .*; did you mean slots?"),
        ("simple:x=1", "unknown key 'x'; there are"),
        ("simple:slots", "slots has no value; use slots=VALUE"),
        ("simple:slots=1,slots=2", "slots is given twice"),
        ("simple:slots=0", "slots=0: must be a whole number from 1 to 99999"),
        ("simple:slots=1.5", "slots=1.5: must be a whole"),
        ("simple:slots=٣", "must be a whole"),
        ("simple:slots=1000000", "must be a whole"),
        ("simple:share=1.1", "share=1.1: must be a number from 0 to 1"),
        ("simple:slowdown=nan", "must be a number from 0 to 1"),
        ("simple:decode=0", "decode=0: must be a number above 0"),
        ("simple:decode=inf", "must be a number above 0"),
        ("simple:decode=fast", "decode=fast: must be a number above 0"),
        ("simple:cost=-1", "must be a number from 0"),
    ],
)
def test_mistakes_are_told_with_what_would_be_right(text, words):
    with pytest.raises(click.UsageError, match=words.replace("?", r"\?")):
        read(text)
