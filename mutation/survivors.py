"""Why a mutant may survive: rules in `survivors.yaml`, each with its reason."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

import yaml


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
            KeyError: a rule lacks one of its three keys.
            re.error: a pattern cannot be compiled.
        """
        rows = yaml.safe_load(path.read_text()) or []
        rules = (Reason(row["function"], re.compile(row["line"]), row["reason"]) for row in rows)
        return cls(tuple(rules))

    def find(self, function: str, removed: str) -> str | None:
        """The reason why this survivor may live, or None."""
        covering = (rule.reason for rule in self.rules if rule.covers(function, removed))
        return next(covering, None)
