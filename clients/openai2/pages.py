"""The examples of the pages in docs/clients, where this environment has the packages."""

from __future__ import annotations

from clients.documents import row

PACKAGE = "llama-index-core"
DIALECT = "as on its page"
ROWS = {
    f"docs/clients/{page}.md": row(package, page)
    for package, page in (("instructor", "instructor"), ("llama-index-core", "llama-index"))
}
