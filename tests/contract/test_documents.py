"""What the documents name is there: files, links, targets of make, options, metrics, headers."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel

from gearshift import registry
from gearshift.config.loading import Settings
from gearshift.config_file.messages import model_in

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src" / "gearshift"
DOCUMENTS: Final = {
    file.relative_to(ROOT).as_posix(): file.read_text("utf-8")
    for file in sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")])
    if file.name != "CHANGELOG.md"  # what it names may have gone since
}
FOLDERS: Final = ("src", "tests", "benchmarks", "examples", "simulations", "endurance", "mutation")
FOLDERS_TOO: Final = ("fuzz", "release", "deploy", "config", "clients")
OF_OTHERS: Final = {"--randomly-seed"}  # options of pytest's plug-ins


@cache
def files_of_programs() -> list[Path]:
    """Those of the repository, without packages that are installed within it."""
    files = (file for folder in (*FOLDERS, *FOLDERS_TOO) for file in (ROOT / folder).rglob("*"))
    return [file for file in files if "node_modules" not in file.parts]


@cache
def code() -> str:
    """All that the repository's programs say, without its documents."""
    files = [
        file
        for file in files_of_programs()
        if file.suffix in {".py", ".yaml", ".yml", ".json", ".toml", ".html", ".js"}
    ]
    texts = [file.read_text("utf-8") for file in (ROOT / "Makefile", *files)]
    return "\n".join(texts)


@cache
def source() -> str:
    return "\n".join(file.read_text("utf-8") for file in SOURCE.rglob("*.py"))


@cache
def paths() -> str:
    """Every file, one a line, with a slash before each."""
    return "".join(f"/{file.relative_to(ROOT).as_posix()}\n" for file in files_of_programs())


def is_file(name: str) -> bool:
    return (ROOT / name).exists() or f"/{name}\n" in paths()


def is_metric(name: str) -> bool:
    base = re.sub(r"^gearshift_|_(total|bucket|count|sum|created)$", "", name)
    return f'"{base}' in source() or name in code()


def is_command(name: str) -> bool:
    return (SOURCE / "cli" / f"{name}.py").exists() or f'"{name}"' in source()


def is_target(name: str) -> bool:
    return re.search(rf"^{name}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE) is not None


def is_header(name: str) -> bool:
    return name in code() or f'"{name.removeprefix("x-gearshift-")}"' in source()


def is_option(name: str) -> bool:
    return name in OF_OTHERS or name in code()


def is_module(name: str) -> bool:
    """A package or module, something that stands in one, or a group of entry points."""
    parts = re.split("[.:]", name)[1:]
    if parts[0] in registry.GROUPS and len(parts) == 1:
        return True
    for length in range(len(parts), -1, -1):
        path = SOURCE.joinpath(*parts[:length])
        files = [path / "__init__.py"] if path.is_dir() else [path.with_suffix(".py")]
        if files[0].exists():
            text = files[0].read_text("utf-8")
            return all(re.search(rf"\b{re.escape(part)}\b", text) for part in parts[length:])
    return False


def is_setting(name: str) -> bool:
    """A key of the settings, unless it begins with none of their blocks or is a module of ours."""
    model: type[BaseModel] | None = Settings
    for part in name.replace("[]", "").split("."):
        if model is None or part not in model.model_fields:
            return model is Settings or name.endswith(".py") or is_module(f"gearshift.{name}")
        model = model_in(model.model_fields[part].annotation)
    return True


def is_variable(name: str) -> bool:
    """One that the programs name, or a setting's: its path in capitals, joined with `__`."""
    path = name.removeprefix("GEARSHIFT_").lower().split("__")
    return name in code() or (path[0] in Settings.model_fields and is_setting(".".join(path)))


KINDS: Final = {
    "file": (r"`((?:[\w-]+/)+[\w-]+\.(?:py|yaml|json|md|toml))`", is_file),
    "metric": (r"\b(gearshift_[a-z_]+[a-z])\b(?!\.)", is_metric),
    "command": (r"`gearshift ([a-z]+)\b", is_command),
    "target": (r"`make ([a-z-]+)", is_target),
    "header": (r"\b(x-gearshift-[a-z-]*[a-z])\b", is_header),
    "setting": (r"`([a-z_]+(?:\[\])?(?:\.[a-z_]+(?:\[\])?)+)`", is_setting),
    "variable": (r"\b(GEARSHIFT_[A-Z_]*[A-Z])\b", is_variable),
    "option": (r"(?<![\w-])(--[a-z][a-z-]*[a-z])\b", is_option),
    "module": (r"`(gearshift(?:\.[a-z_]\w*)+(?:[.:]\w+)?)`", is_module),
    "route": (r"`(?:GET |POST )?(/(?:v1|api|admin|health)/[\w/-]+\w)`", lambda n: n in code()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_documents_name_is_there(kind):
    pattern, is_there = KINDS[kind]
    named = {
        (document, name)
        for document, text in DOCUMENTS.items()
        for name in re.findall(pattern, text)
    }
    assert named, "the pattern finds nothing any more"
    assert sorted(pair for pair in named if not is_there(pair[1])) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    folder = (ROOT / document).parent
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", DOCUMENTS[document])
    assert [a for a in links if "://" not in a and not (folder / a).exists()] == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("file", "src/gearshift/settings.py"),
        ("metric", "gearshift_wishes_total"),
        ("command", "wish"),
        ("target", "wish"),
        ("header", "x-gearshift-wish"),
        ("setting", "quality.wish"),
        ("setting", "upstreams[].wish"),
        ("variable", "GEARSHIFT" + "_WISH"),
        ("variable", "GEARSHIFT" + "_EMBEDDINGS__WISH"),
        ("option", "--" + "wish"),
        ("module", "gearshift.no_such_thing"),
        ("route", "/v1/" + "wish"),
    ],
)
def test_what_is_not_there_is_noticed(kind, name):
    if kind in {"file", "metric", "header", "module"}:  # this test names it, which is code too
        name += "_" + kind
    assert not KINDS[kind][1](name)
