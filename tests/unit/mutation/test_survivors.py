"""The reasons why a mutant may survive."""

from pathlib import Path

import pytest
from mutation.survivors import Reasons, RuleError

ROOT = Path(__file__).parents[3]


def read(tmp_path, text):
    path = tmp_path / "survivors.yaml"
    path.write_text(text)
    return Reasons.read(path)


def test_the_first_rule_that_covers_a_mutant_counts(tmp_path):
    reasons = read(
        tmp_path,
        """
        - {function: "pipeline.*.x_ask", line: "^return", reason: first}
        - {function: "pipeline.*", line: "return|raise", reason: second}
        """,
    )
    assert reasons.find("pipeline.fallback.x_ask", "return 1") == "first"
    assert reasons.find("pipeline.fallback.x_ask", "raise ValueError") == "second"
    assert reasons.find("pipeline.hedging.x_race", "return 1") == "second"
    assert reasons.find("pipeline.hedging.x_race", "pass") is None
    assert reasons.find("quality.pipeline.x_ask", "return 1") is None


@pytest.mark.parametrize("text", ["", "[]", "# nothing yet"])
def test_there_may_be_none(tmp_path, text):
    assert read(tmp_path, text).find("planning.x_plan", "return") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {function: a, line: b}", "survivors.yaml, rule 1: needs function, line, reason"),
        ("- {function: a, line: b, reason: c, why: d}", "rule 1: needs .*, and nothing else"),
        ("- {function: a, line: b, reason: ' '}", "rule 1: reason must be a string"),
        ("- {function: a, line: 3, reason: c}", "rule 1: line must be a string"),
        ("- {function: a, line: '(', reason: c}", "rule 1: line is no regular expression"),
        ("- {function: a, line: b, reason: c}\n- text", "rule 2: needs"),
        ("function: a", "must be a list"),
        ("- {", "survivors.yaml: "),
    ],
)
def test_a_rule_that_cannot_be_used_is_told(tmp_path, text, told):
    with pytest.raises(RuleError, match=told):
        read(tmp_path, text)


def test_those_of_the_repository_can_be_read():
    Reasons.read(ROOT / "mutation" / "survivors.yaml")
