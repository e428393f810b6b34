"""AdminContext: what every view of the admin plane may ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import parse_qsl

from gearshift.admin.changing import Changer
from gearshift.cache.contents import Selection
from gearshift.catalog.sizes import Sizes
from gearshift.decision_log.lazy_engine import LazyEngine
from gearshift.errors import RequestError
from gearshift.interface import LLMInterface
from gearshift.threads import Purpose, in_thread
from gearshift.types import JsonObject

T = TypeVar("T")


class CacheContents(Protocol):
    """Counts what the caches of all processes keep in memory, or clears them."""

    async def __call__(self, which: Selection, *, clear: bool = False) -> list[JsonObject]:
        """One object for each process and back end."""
        ...


_MOST_FIELDS: Final = 50
_SPANS = {"1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 720}
SPANS = tuple(_SPANS)
"""What a page may be asked about, in its query's `since`."""


class AdminContext:
    """The live interface and the decision log.

    Args:
        llm: Whose state is shown.

    Attributes:
        sizes: Of models, in parameters.
        changer: Changes settings; `None` where nobody can.
        cache_contents: Counts what caches keep in memory, or clears them, in each process.
    """

    def __init__(self, llm: LLMInterface) -> None:
        self.sizes = Sizes()
        self.switch_to(llm)
        self.changer: Changer | None = None
        self.cache_contents: CacheContents = self._own_cache_contents
        self._database = LazyEngine(self._url)

    def switch_to(self, llm: LLMInterface) -> None:
        """Show this one's state from now on."""
        self.llm = llm
        self.sizes.switch_to(llm)

    async def _own_cache_contents(
        self, which: Selection, *, clear: bool = False
    ) -> list[JsonObject]:
        return await self.llm.cache_contents(which, clear=clear)

    @property
    def has_log(self) -> bool:
        """Whether there is a decision log."""
        return self.llm.settings.decision_log.enabled

    @property
    def lowest(self) -> str:
        """The smallest tier's name."""
        return self.llm.settings.tiered_routing.ordered_tiers[0].name

    async def ask_log(self, question: Callable[[Any], T]) -> T:
        """Ask the log something, in a thread.

        Args:
            question: Takes the database.

        Raises:
            RequestError: 503, when there is no log or it is in trouble.
        """
        if not self.has_log:
            message = "the decision log is off; set decision_log.enabled to see this"
            raise RequestError(message, status=503)
        from sqlalchemy.exc import SQLAlchemyError

        from gearshift.decision_log.database import DecisionLogError

        try:
            return await in_thread(Purpose.DASHBOARD, lambda: question(self._database.get()))
        except (SQLAlchemyError, DecisionLogError) as error:
            cause = " ".join(str(getattr(error, "orig", None) or error).split())
            raise RequestError(f"the decision log is unavailable: {cause}", status=503) from error

    def close(self) -> None:
        """Let go of the log."""
        self._database.close()

    def _url(self) -> str:
        from gearshift.decision_log.database import default_url

        return self.llm.settings.decision_log.url or default_url()


def query_of(text: str) -> dict[str, str]:
    """The fields of a query; of several with one name the last.

    Raises:
        RequestError: 400 for more fields than any page has.
    """
    try:
        return dict(parse_qsl(text, keep_blank_values=False, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise RequestError(f"the query has more than {_MOST_FIELDS} fields") from error


def hours_of(query: Mapping[str, str]) -> int:
    """The span that a page is asked about.

    Raises:
        RequestError: 400 for one that there is not.
    """
    span = query.get("since", "24h")
    if span not in _SPANS:
        raise RequestError(f"since must be one of: {', '.join(_SPANS)}", field="since")
    return _SPANS[span]
