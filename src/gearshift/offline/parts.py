"""FilePart: rows of one file that are worked on together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilePart:
    """Rows of a file that are worked on together.

    Attributes:
        file: Its path.
        first: The number of the first row, from 0.
        rows: How many; `None` is the whole of a file that does not say how many it has.
        is_whole: Whether the file has no other rows.
    """

    file: str
    first: int = 0
    rows: int | None = None
    is_whole: bool = True

    def __str__(self) -> str:
        if self.is_whole or self.rows is None:
            return self.file
        return f"{self.file}, rows {self.first + 1:,} to {self.first + self.rows:,}"
