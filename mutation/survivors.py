"""Why a mutant may survive: rules in `survivors.yaml`, each with its reason."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

_KEYS: Final = {"function", "line", "reason"}


class RuleError(ValueError):
    """A rule cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Mutants of `function` (a glob) whose changed line matches `line` survive for `reason`."""

    function: str
    line: re.Pattern[str]
    reason: str

    def covers(self, function: str, removed: str) -> bool:
        """Whether the mutant that changes the line `removed` of `function` is meant."""
        return fnmatch.fnmatchcase(function, self.function) and bool(self.line.search(removed))


@dataclass(frozen=True, slots=True)
class Reasons:
    """All rules, in the order of the file; the first that covers a mutant counts."""

    rules: tuple[Reason, ...]

    @classmethod
    def read(cls, path: Path) -> Reasons:
        """Read the rules.

        Raises:
            RuleError: The file holds something else.
        """
        try:
            rows = yaml.safe_load(path.read_text("utf-8")) or []
        except yaml.YAMLError as error:
            raise RuleError(f"{path.name}: {error}") from error
        if not isinstance(rows, list):
            raise RuleError(f"{path.name}: must be a list of rules")
        return cls(tuple(_rule(row, f"{path.name}, rule {n}") for n, row in enumerate(rows, 1)))

    def find(self, function: str, removed: str) -> str | None:
        """The reason why this survivor may live, or None."""
        covering = (rule.reason for rule in self.rules if rule.covers(function, removed))
        return next(covering, None)


def _rule(row: Any, where: str) -> Reason:
    if not isinstance(row, dict) or set(row) != _KEYS:
        raise RuleError(f"{where}: needs {', '.join(sorted(_KEYS))}, and nothing else")
    for key, value in row.items():
        if not isinstance(value, str) or not value.strip():
            raise RuleError(f"{where}: {key} must be a string that is not empty")
    try:
        return Reason(row["function"], re.compile(row["line"]), row["reason"])
    except re.error as error:
        raise RuleError(f"{where}: line is no regular expression: {error}") from error
