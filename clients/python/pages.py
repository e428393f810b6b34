"""The examples of the pages in docs/clients, where this environment has the packages."""

from __future__ import annotations

from clients.documents import row

PACKAGE = "openai"
DIALECT = "as on its page"
ROWS = {
    f"docs/clients/{page}.md": row(package, page)
    for package, page in (
        ("anthropic", "anthropic"),
        ("langchain-core", "langchain"),
        ("litellm", "litellm"),
        ("ollama", "ollama"),
        ("openai", "openai"),
        ("pydantic-ai-slim", "pydantic-ai"),
        ("smolagents", "smolagents"),
    )
}
