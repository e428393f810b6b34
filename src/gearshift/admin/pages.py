"""Pages: facts as HTML; every value is escaped, wherever it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gearshift.admin.context import SPANS
from gearshift.admin.views import VIEWS, View
from gearshift.types import JsonObject

if TYPE_CHECKING:  # Jinja is imported when somebody looks
    from jinja2 import Environment

_HERE: Final = Path(__file__).parent
_STATIC: Final = {
    "/static/style.css": ("style.css", "text/css; charset=utf-8"),
    "/static/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/static/icon.svg": ("icon.svg", "image/svg+xml"),
}
_PREFIXES: Final = ("", "k", "M", "G", "T", "P", "E")


def page(view: View, facts: JsonObject, query: Mapping[str, str], query_text: str) -> bytes:
    """The page of a view."""
    template = _environment().get_template(f"{view.name}.html")
    around = {
        "view": view,
        "views": [one for one in VIEWS if one.title],
        "spans": SPANS,
        "since": query.get("since", "24h"),
        "query": query_text,
    }
    return template.render({**around, **facts}).encode()


def trouble(view: View, message: str) -> bytes:
    """The page where its facts cannot be had."""
    template = _environment().get_template("trouble.html")
    views = [one for one in VIEWS if one.title]
    return template.render(view=view, views=views, message=message).encode()


def static(path: str) -> tuple[bytes, str] | None:
    """A file that pages need, with its content type."""
    file = _STATIC.get(path)
    if file is None:
        return None
    name, kind = file
    return (_HERE / "static" / name).read_bytes(), kind


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "count": lambda value: "–" if value is None else f"{value:,.0f}",
        "number": lambda value: "–" if value is None else f"{value:.2f}",
        "seconds": seconds,
        "flops": flops,
        "moment": moment,
        "money": money,
    }
    return environment


def percent(share: float | None) -> str:
    """A share of 0-1 in words of a page."""
    return "–" if share is None else f"{100 * share:.1f} %"


def seconds(value: float | None) -> str:
    """A time."""
    if value is None:
        return "–"
    return f"{1e3 * value:.0f} ms" if value < 1 else f"{value:.1f} s"


def flops(value: float | None) -> str:
    """Compute."""
    if value is None:
        return "–"
    size = abs(value)
    power = min(len(_PREFIXES) - 1, int(math.log10(size) // 3)) if size >= 1 else 0
    return f"{value / 1000**power:.3g} {_PREFIXES[power]}FLOP"


def money(amount: float) -> str:
    """An amount; of less than 1 four digits that count, because tokens are cheap."""
    return f"{amount:,.2f}" if abs(amount) >= 1 else f"{amount:.4g}"


def moment(value: Any) -> str:
    """A time of day, UTC."""
    return "–" if value is None else f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
