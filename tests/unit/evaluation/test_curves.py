import numpy as np
import pytest

from gearshift.evaluation.curves import curve_chart, write_curves
from gearshift.evaluation.outcomes import Outcomes
from gearshift.evaluation.scoring import Scored, baselines


@pytest.fixture
def made():
    random = np.random.default_rng(0)
    weak = (random.random(200) < 0.6).astype(float)
    prompts = tuple(f"a <b>prompt</b> {number}" for number in range(200))
    outcomes = Outcomes("made", prompts, weak, np.ones(200), ("",) * 200)
    mine = Scored(1.0 - weak + random.random(200), None)
    return outcomes, {"mine": mine, **baselines(outcomes, 0)}


def test_every_curve_goes_from_the_small_models_quality_to_the_large_ones(made):
    outcomes, scores = made
    rows = curve_chart(outcomes, scores, seed=0)["data"]["values"]
    assert {row["scorer"] for row in rows} == {"mine", "random", "length", "oracle"}
    for row in rows:
        if row["sent"] == 0.0:
            assert row["quality"] == pytest.approx(outcomes.weak.mean(), abs=1e-3)
        if row["sent"] == 1.0:
            assert row["quality"] == pytest.approx(1.0)
        assert row["low"] <= row["quality"] + 0.02
        assert row["high"] >= row["quality"] - 0.02


def test_a_picture_and_a_page_that_needs_no_network(made, tmp_path):
    outcomes, scores = made
    picture, page = write_curves(outcomes, scores, tmp_path / "curves", seed=0)
    assert picture.read_bytes().startswith(b"\x89PNG")
    text = page.read_text("utf-8")
    assert "made: quality by cost" in text
    assert "src=" not in text.lower().replace('src=""', "")[:2000]
    assert "prompt" not in text.split('"data"')[1][:20_000].replace("prompts", "")
