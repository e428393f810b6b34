"""Charts as SVG documents of their own, drawn here: nothing is fetched, nothing runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gearshift.types import JsonObject

if TYPE_CHECKING:  # pygal is imported when somebody looks
    from pygal.graph.graph import Graph

# Okabe and Ito's palette, which colour-blind readers can tell apart.
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
_CSS: Final = """inline:
.series .line { stroke-width: 2.5px !important }
.axis .guide.line { stroke: #c3ccd4 !important; stroke-dasharray: none !important }
@media (prefers-color-scheme: dark) {
  text { fill: #d6dde4 !important }
  .axis .line, .axis .guide.line { stroke: #46525e !important }
  .plot { filter: brightness(1.5) }
}"""


def over_time(facts: JsonObject) -> bytes:
    """Requests by tier, stacked."""
    import pygal

    series = facts["over_time"]
    chart = _made(pygal.StackedBar)
    chart.x_labels = [_moment(start, series["hours"]) for start in series["starts"]]
    chart.x_labels_major_every = max(1, len(series["starts"]) // 8)
    chart.show_minor_x_labels = False
    for tier, counts in sorted(series["tiers"].items(), reverse=True):
        chart.add(tier, counts)
    return _rendered(chart)


def what_if(facts: JsonObject) -> bytes:
    """Share to the small model, compute saved and quality over the threshold."""
    import pygal

    chart = _made(pygal.XY, stroke=True, dots_size=1, range=(0, 100), x_title="threshold")
    steps = facts["steps"]
    named = {"to the small model": "share_simple", "compute saved": "compute_saved"}
    for title, key in named.items():
        points = [(s["threshold"], 100 * s[key]) for s in steps if s[key] is not None]
        chart.add(f"{title}, %", points)
    estimates = [(s["threshold"], 100 * s["quality"]["estimate"]) for s in steps if s["quality"]]
    if estimates:
        chart.add("quality, %", estimates)
    return _rendered(chart)


def bounds(facts: JsonObject) -> bytes:
    """Share of worse answers of every day, with its interval."""
    import pygal

    chart = _made(pygal.Line, dots_size=3, show_y_guides=True)
    days = [day for day in facts["days"] if day["ci"]]
    chart.x_labels = [_moment(day["day"], 24) for day in days]
    chart.add("worse, %", [100 * day["estimate"] for day in days])
    chart.add("at most, %", [100 * day["ci"][1] for day in days])
    chart.add("at least, %", [100 * day["ci"][0] for day in days])
    chart.add("limit, %", [100 * facts["sampling"]["limit"]] * len(days), stroke_style=_DASHES)
    return _rendered(chart)


def by_hour(facts: JsonObject) -> bytes:
    """Requests by hour of the day."""
    import pygal

    chart = _made(pygal.Bar, show_legend=False, x_title="hour of the day, UTC")
    chart.x_labels = [str(hour) for hour in range(24)]
    chart.add("requests", facts["by_hour"])
    return _rendered(chart)


_DASHES: Final = {"dasharray": "6, 4"}

CHARTS: Final[Mapping[str, Mapping[str, Callable[[JsonObject], bytes]]]] = {
    "overview": {"over-time": over_time},
    "threshold": {"what-if": what_if},
    "quality": {"bounds": bounds},
    "usage": {"by-hour": by_hour},
}
"""By the view whose facts they show, and their name."""


def _made(kind: type[Graph], **settings: Any) -> Graph:
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#33404d",
        foreground_strong="#33404d",
        foreground_subtle="#8a97a3",
        colors=_COLOURS,
        font_family="system-ui, sans-serif",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=14,
        no_data_font_size=18,
    )
    defaults = {
        "width": 860,
        "height": 340,
        "legend_at_bottom": True,
        "js": [],
        "css": ["file://style.css", "file://graph.css", _CSS],
        "no_data_text": "no data yet",
        "show_x_guides": False,
        "max_scale": 6,
        "truncate_label": -1,
        "truncate_legend": -1,
        "legend_at_bottom_columns": 4,
        "margin": 8,
        "margin_bottom": 32,  # or the legend below has no room
    }
    return kind(style=style, **{**defaults, **settings})


def _rendered(chart: Graph) -> bytes:
    image: bytes = chart.render()
    return image


def _moment(seconds: float, hours: int) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%H:%M}" if hours < 24 else f"{at:%d %b}"
