"""The examples of docs/clients for the vendors' SDKs run; `make clients` runs the others."""

import pytest
from clients.documents import PAGES, run_examples


@pytest.mark.parametrize("page", ["openai", "anthropic", "ollama"])
def test_the_examples_run(page, served, capsys):
    (left,) = run_examples(page, served.url)
    with left["client"]:  # which a script leaves to the end of its process
        pass
    printed = capsys.readouterr().out
    assert "mistral:7b-instruct This is gearshift's demo model for the complex tier." in printed


def test_every_page_is_in_the_index():
    index = (PAGES / "README.md").read_text("utf-8")
    pages = {file.name for file in PAGES.glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page})" not in index} == set()
