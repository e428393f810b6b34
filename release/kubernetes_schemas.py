"""Writes JSON schemas of Kubernetes' kinds, as kubeconform wants them, from its OpenAPI document.

`make chart` runs it: `python -m release.kubernetes_schemas swagger.json FOLDER`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

_IS_A: Final = "x-kubernetes-group-version-kind"
_PREFIX: Final = "#/definitions/"
# What the document calls a string, and the server reads from a number, too.
_ALSO_NUMBERS: Final = ("IntOrString", "resource.Quantity")


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, but fields that it does not name are mistakes."""
    if "properties" in schema and "additionalProperties" not in schema:
        return {**schema, "additionalProperties": False}
    return schema


def definitions(document: dict[str, Any]) -> dict[str, Any]:
    """All definitions of the document, strictly."""
    found = {name: strict(schema) for name, schema in document["definitions"].items()}
    for name in found:
        if name.endswith(_ALSO_NUMBERS):
            found[name] = {"type": ["string", "number"]}
    return found


def used(name: str, known: dict[str, Any]) -> set[str]:
    """The definitions that one refers to, itself included."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += [part.split('"')[0] for part in json.dumps(known[one]).split(_PREFIX)[1:]]
    return found


def main(source: str, folder: str) -> None:
    """Write one file for each kind that the document knows."""
    known = definitions(json.loads(Path(source).read_text("utf-8")))
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    for name, schema in known.items():
        for kind in schema.get(_IS_A, ()):
            group = kind["group"].split(".")[0]
            parts = [kind["kind"].lower(), *([group] if group else []), kind["version"]]
            parts_of_it = {each: known[each] for each in sorted(used(name, known))}
            document = {"$ref": _PREFIX + name, "definitions": parts_of_it}
            (into / f"{'-'.join(parts)}.json").write_text(json.dumps(document), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
