"""A real browser: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ARTEFACTS = Path(__file__).parents[2] / ".artefacts"


def chromium() -> str | None:
    """Where it is."""
    if named := os.environ.get("GEARSHIFT_TEST_CHROMIUM"):
        return named
    # The shell first: the same engine without windows, for half of the time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on the path; GEARSHIFT_TEST_CHROMIUM may name one")
    with sync_playwright() as playwright:
        # No sandbox of its own: it is not allowed to root, as which containers run tests.
        # Every name under `example` is this machine, as after an attacker's change of DNS.
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1"]
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@contextmanager
def looking(
    browser: Browser, scheme: str = "light", width: int = 1200, expected: str | None = None
) -> Iterator[Page]:
    """A page that collects what goes wrong on it, and fails for it at the end.

    Args:
        browser: Whose page.
        scheme: Of colours.
        width: In pixels.
        expected: A part of what may be told as an error.
    """
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 850},
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
    yield page
    context.close()
    assert [text for text in wrong if expected is None or expected not in text] == []
