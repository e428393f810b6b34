"""The examples in docs/clients, as they stand there but for the gateway's address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from clients.case import At

PAGES: Final = Path(__file__).parents[1] / "docs" / "clients"
_ADDRESS: Final = "http://127.0.0.1:11435"


def examples(page: str, language: str, url: str) -> list[str]:
    """The blocks of code of a page, with another address."""
    text = (PAGES / f"{page}.md").read_text("utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block.replace(_ADDRESS, url) for block in blocks]


def run_examples(page: str, url: str) -> list[dict[str, Any]]:
    """Run those in Python, one after the other; the names that each leaves."""
    left = []
    for number, block in enumerate(examples(page, "python", url), 1):
        names: dict[str, Any] = {"__name__": page}
        exec(compile(block, f"{page}.md, block {number}", "exec"), names)
        left.append(names)
    return left


def row(package: str, page: str) -> type:
    """A row of the table that runs a page's examples."""

    class Example:
        def __init__(self, at: At) -> None:
            pass

        def whole(self, at: At) -> None:
            """They run without an error."""
            if not run_examples(page, at.url):
                raise AssertionError("the page has no example")

    return type("Example", (Example,), {"package": package})
