"""Extras: what is said, everywhere in the same way, where an optional package is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from gearshift.errors import MissingExtraError


@contextmanager
def extra(name: str, purpose: str) -> Iterator[None]:
    """Import optional packages inside of this, and nowhere else.

    Args:
        name: The extra of pyproject.toml that installs them.
        purpose: What needs it, as the subject of a sentence in the singular ("tuning").

    Raises:
        MissingExtraError: One is not installed, or does not work.
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(name, purpose, error) from error


def require(name: str, purpose: str, *modules: str) -> None:
    """Say early that an extra is missing, before anything is begun that needs it.

    Args:
        name: The extra of pyproject.toml.
        purpose: What needs it, as the subject of a sentence in the singular.
        modules: Those of the highest level that it brings; none is imported.

    Raises:
        MissingExtraError: One of the modules is not there.
    """
    for module in modules:
        if find_spec(module) is None:
            raise MissingExtraError(name, purpose, f"No module named {module!r}")
