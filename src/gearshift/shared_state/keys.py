"""Names of keys and channels, with the version of what is kept under them."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "gearshift-state:1:"
"""What all of them begin with; to be raised when values are kept in another way.

Not what the answer cache's begin with: clearing one must not touch the other.
"""


def key(*parts: str) -> str:
    """The name of a key.

    >>> key("rate", "ab12")
    'gearshift-state:1:rate:ab12'
    """
    return PREFIX + ":".join(parts)


def channel(database: int) -> str:
    """Where processes tell each other to look again; channels know nothing of databases.

    >>> channel(3)
    'gearshift-state:1:changes:3'
    """
    return key("changes", str(database))
