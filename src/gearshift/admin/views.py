"""Views: every page and every address of the admin API, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gearshift.admin import (
    cache_contents,
    experiments,
    overview,
    quality,
    requests,
    routing_settings,
    threshold,
    totals,
    try_it,
    usage,
)
from gearshift.admin.context import SPANS, AdminContext
from gearshift.types import JsonObject

Read = Callable[[AdminContext, Mapping[str, str]], Awaitable[JsonObject]]
Act = Callable[[AdminContext, JsonObject], Awaitable[JsonObject]]


@dataclass(frozen=True, slots=True)
class View:
    """Something to be looked at, as JSON and, where there is a title, as a page.

    Attributes:
        name: Its template, and its address under `/admin/api/`.
        page: The address of the page.
        title: In the navigation; empty for a page that is reached from another.
        asked: Names of the query's fields.
    """

    name: str
    read: Read
    summary: str
    page: str = ""
    title: str = ""
    asked: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The address of its JSON."""
        return f"/admin/api/{self.name}"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done, by POST of a JSON object."""

    path: str
    act: Act
    summary: str
    takes: tuple[str, ...] = ()


_LIST: Final = ("since", "tier", "model", "upstream", "cause", "client", "dialect", "scorer")

VIEWS: Final = (
    View("overview", overview.facts, "What goes where", "/", "Overview", ("since",)),
    View(
        "requests",
        requests.facts,
        "Requests, newest first",
        "/requests",
        "Requests",
        (*_LIST, "failed", "after"),
    ),
    View("request", requests.one, "One decision explained", "/request", "", ("id",)),
    View(
        "threshold",
        threshold.facts,
        "What every threshold would do",
        "/threshold",
        "Threshold",
        ("since",),
    ),
    View("quality", quality.facts, "Verdicts and bounds", "/quality", "Quality", ("since",)),
    View("experiments", experiments.facts, "Experiments", "/experiments", "Experiments"),
    View("usage", usage.facts, "Usage patterns", "/usage", "Usage", ("since",)),
    View("try-it", try_it.facts, "Prompt and models of a trial", "/try-it", "Try it"),
    View("tiered-routing/config", routing_settings.facts, "The active routing settings"),
    View("tiered-routing/metrics", totals.facts, "Totals since the last reset"),
    View("cache", cache_contents.facts, "The answer cache", asked=cache_contents.FIELDS),
    View("changes", routing_settings.trail, "Changes of settings, newest first"),
)

_SETTINGS: Final = ("enabled", "complexity_threshold", "models", "scorer")

ACTIONS: Final = (
    Action(
        "/admin/api/tiered-routing/config",
        routing_settings.change,
        "Change routing settings in all processes",
        _SETTINGS,
    ),
    Action("/admin/api/tiered-routing/metrics/reset", totals.reset, "Reset the counters"),
    Action("/admin/api/changes/undo", routing_settings.undo, "Undo the newest change", ("key",)),
    Action("/admin/api/cache/clear", cache_contents.clear, "Clear it", cache_contents.FIELDS),
    Action("/admin/api/try-it", try_it.answer, "Score and answer a prompt", ("prompt", "answers")),
)

__all__ = ["ACTIONS", "SPANS", "VIEWS", "Action", "View"]
