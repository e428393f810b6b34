"""The table of clients: a run replaces its own rows and keeps those of other runs."""

from clients.table import HEADS, Outcome, write_table

PAGE = """\
# Clients
<!-- Written by `make clients`; do not edit below. -->
| client | version | dialect | whole answer | date |
|---|---|---|---|---|
| other | 1.0 | Ollama | yes | 2026-01-01 |
| sdk, async | 1.0 | OpenAI | failed | 2026-01-01 |
<!-- End of `make clients`. -->
The end.
"""


def outcome(feature, problem, row="async"):
    return Outcome("sdk", "2.0", row, "OpenAI", feature, problem)


def rows(text):
    cells = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| "))
    return {first: others for first, *others in cells}


def test_a_run_replaces_its_own_rows(tmp_path):
    page = tmp_path / "README.md"
    page.write_text(PAGE)
    tried = [outcome("whole", ""), outcome("tools", "broke"), outcome("embeddings", None)]
    write_table(page, [*tried, outcome("whole", "", row="sdk")], "clients")
    text = page.read_text()
    assert text.startswith("# Clients\n<!--")
    assert text.endswith("-->\nThe end.\n")
    found = rows(text)
    assert [*found] == ["client", "other", "sdk", "sdk, async"]
    assert found["other"][-1] == "2026-01-01"
    named = dict(zip(HEADS, found["sdk, async"][2:-1], strict=True))
    assert found["sdk, async"][:2] == ["2.0", "OpenAI"]
    assert (named["whole"], named["tools"], named["embeddings"]) == ("yes", "failed", "–")

    write_table(page, tried, "clients")
    assert rows(page.read_text()) == found
