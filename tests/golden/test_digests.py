"""Scores are the recorded ones to the last bit, so that a change of the code alone changes none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.golden.digests import RECORDED, digest, files

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.grading import graded


def recorded() -> dict[str, str]:
    return dict(json.loads(RECORDED.read_text(encoding="utf-8")))


def test_every_golden_file_has_its_digest():
    assert sorted(recorded()) == [file.name for file in files()]


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_scores_are_the_recorded_ones(file: Path):
    assert digest(file, TaskComplexityScorer(remembered=0)) == recorded()[file.name], (
        "a score has changed; if that is meant, write the digests anew: "
        "python -m tests.golden.digests"
    )


def test_the_last_bit_of_one_factor_shows(monkeypatch: pytest.MonkeyPatch):
    def off_by_a_bit(counts: list[int]) -> tuple[float, float, float, float]:
        code, technical, multi_step, question = graded(counts)
        return code, technical, multi_step, question * (1 + 2**-52)

    monkeypatch.setattr("gearshift.tiered_routing.features.graded", off_by_a_bit)
    file = next(file for file in files() if file.name == "seed.yaml")
    assert digest(file, TaskComplexityScorer(remembered=0)) != recorded()[file.name]
