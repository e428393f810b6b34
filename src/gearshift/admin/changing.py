"""What the admin plane needs of whoever can change the active settings."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from gearshift.decision_log.changes import Change
from gearshift.errors import GearshiftError
from gearshift.types import JsonObject


class RefusedChangeError(GearshiftError):
    """A change that is not possible.

    Attributes:
        key: The setting that is wrong, dotted.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class Applied(NamedTuple):
    """What a change has done.

    Attributes:
        effective: The active routing settings.
        changes: What is different.
    """

    effective: JsonObject
    changes: list[Change]


class Changer(Protocol):
    """Changes the settings of routing in every process of the server."""

    async def apply(self, partial: JsonObject, who: str) -> Applied:
        """Change some of them, or none.

        Raises:
            RefusedChangeError: They are not valid.
            GearshiftError: They cannot be activated; the previous ones stay active.
        """
        ...
