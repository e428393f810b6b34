"""Korean cues."""

from collections.abc import Mapping
from typing import Final

CUES: Final[Mapping[str, str]] = {}
