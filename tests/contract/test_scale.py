"""docs/scale.md computes: each figure of its second table follows from the first one."""

import re
from math import ceil
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
INPUTS = {
    name: float(value) for name, value in re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", PAGE, re.M)
}
ROWS = [
    (what, formula, [float(cell.replace(",", "")) for cell in cells.split("|")])
    for what, formula, cells in re.findall(
        r"^\| ([^|`]*(?:`[\w.]+`)?) \| `([^`|]+)` \| ([\d.,e+ |-]+) \|$", PAGE, re.M
    )
]
RATES = (10.0, 1_000.0, 100_000.0)


def test_the_tables_were_found():
    assert len(INPUTS) == PAGE.count("\n| `") == 22
    assert len(ROWS) == len(re.findall(r"\| `[^`]*\brate\b[^`]*` \|", PAGE)) == 15


@pytest.mark.parametrize(("what", "formula", "figures"), ROWS, ids=[row[0] for row in ROWS])
def test_a_figure_follows_from_the_inputs(what, formula, figures):
    assert len(figures) == len(RATES)
    for rate, figure in zip(RATES, figures, strict=True):
        known = {"__builtins__": {}, "ceil": ceil, "rate": rate, **INPUTS}
        assert figure == pytest.approx(eval(formula, known), rel=0.06), (what, rate)


def test_every_input_is_used():
    used = set(re.findall(r"[a-z_]+", " ".join(formula for _, formula, _ in ROWS)))
    assert set(INPUTS) - used == set()
