"""Charts: everything that is drawn lies inside the picture, and names are text."""

import re

import pytest

from gearshift.admin.charts import bounds, by_hour, over_time, what_if

TIERS = {"simple": list(range(24)), "<script>alert(1)</script>": [5] * 24}
FACTS = {
    "over_time": {"hours": 1, "starts": [3600 * hour for hour in range(24)], "tiers": TIERS},
    "steps": [
        {"threshold": step / 4, "share_simple": 0.5, "compute_saved": None, "quality": None}
        for step in range(41)
    ],
    "days": [{"day": 86_400.0 * n, "estimate": 0.05, "ci": [0.03, 0.09]} for n in range(7)],
    "sampling": {"limit": 0.1},
    "by_hour": list(range(24)),
}


@pytest.mark.parametrize("draw", [over_time, what_if, bounds, by_hour])
def test_the_legend_is_inside_the_picture(draw):
    svg = draw(FACTS).decode()
    (height,) = re.findall(r'viewBox="0 0 \d+ (\d+)"', svg)[:1]
    for x, y in re.findall(r'<g transform="translate\(([\d.]+), ([\d.]+)\)" class="legends"', svg):
        assert float(x) >= 0
        assert float(y) + 14 <= float(height)


def test_names_are_text():
    svg = over_time(FACTS).decode()
    assert "<script>alert" not in svg
    assert "&lt;script&gt;" in svg
