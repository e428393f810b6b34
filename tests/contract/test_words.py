"""The words that people read: the usual ones of the field, not those that only we used once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "gearshift"
LEXICON = SOURCE / "tiered_routing" / "lexicon"

THINGS: Final = (
    r"JSON|YAML|URL|UTF-8|HTTP|text|string|number|object|list|array|hash|key|origin|path|file|"
    r"folder|model|scorer|outcomes?|table|host|boolean|integer|word|header|tier|stream"
)
OLD: Final = {
    r"\bin force\b": "active, current",
    rf"(?<!there )\b(?:is|are|be|was|were) no (?:valid )?(?:{THINGS})\b": "is not a …",
    r"(?<!with )(?<!of )\bno valid (?:JSON|YAML|URL)": "not valid …",
    r"\bmust be a text\b|\ba text is expected\b": "a string",
    r"\bis there already\b": "duplicate, already exists",
    r"\bthere is nothing here\b": "not found",
    r"\bleft alone\b": "circuit open",
    r"\b(?:an|the|no) (?:API )?key is (?:needed|wanted)\b": "missing or invalid API key",
    r"\bnobody can (?:answer|tell)\b": "no deployment available; unknown",
    r"\bgives? way to users\b|\bcame in the way\b": "yields to user requests",
    r"\bput (?:\w+ )?in force\b|\bof no use\b": "activate; unusable",
    r"\b(?:a|has a) defect (?:of|in)\b|\bhas a defect\b": "internal error",
    r"\bpredecessor|\bheir\b|\bsuccessor\b": "the previous, the next",
    r"\bis in trouble\b": "unavailable",
    r"\bsaid once\b": "logged once",
    r"\bdrawn (?:answers?|requests?|for judging)\b|\bdrawn ones\b": "sampled",
    r"\bsee its words\b": "see its output",
    r"\bwhat (?:it|they|he) says? of itself\b": "what it reports",
    r"\b(?:cannot|could not) be told\b(?! apart| from)": "cannot be reported",
    rf"\bor no (?:{THINGS})\b": "or not a …",
    r"\bmeanwhile\b": "in the meantime",
    r"\bholds? (?:a malformed|characters|no (?:PEM|private))\b": "contains …",
    r"\bcannot (?:carry|hold)\b(?! another| a longer)": "contains characters that … cannot contain",
    r"\bone has to go\b": "remove one of them",
    r"\bnames no (?:setting|model|file)\b": "does not name a …",
    r"\bput back: ": "restored",
    r"\btakes? (?:it|that) back\b": "undoes it",
    r"\bgiven up:|\bis given up\b": "abandoned",
    r"\bby itself: ": "automatically",
    r"\brequests go on\b": "requests are not affected",
    r"\b(?:stands?|is required) beside\b(?= a key|\W*tls)": "together with",
    r"\breached from elsewhere\b": "reachable from other machines",
    r"\bspoken here\b|\bis not understood\b": "not supported",
    r"\bwhatever else there is\b": "even if there are others",
    r"\bhave not got\b": "did not get",
    r"^(?:Else|Of) (?:the|a) \w+(?: \w+)?\.$": "a full phrase",
    r"\bstart Ollama\b": "the command that the provider names (start_advice)",
}
"""Each old phrase as a pattern, and what to write instead."""


OLD_NAMES: Final = {
    "adopt": "switch_to",
    "chain": "candidates",
    "CountOrNone": "NonNegativeInt",
    "draw": "sampling_hash",
    "drawn": "sample_rate, is_sampled",
    "EventCutter": "SSEDecoder",
    "give_way": "yield_to_users",
    "hear": "on_line",
    "in_force": "active",
    "InForce": "LiveInterface",
    "inherit": "reuse_from",
    "is_on_trial": "is_probing",
    "later": "submit",
    "LineCutter": "LineDecoder",
    "no_boolean": "reject_bool",
    "passed_on": "forwarded",
    "Portion": "Batch",
    "predecessor": "previous",
    "put_back": "requeue, restore",
    "read_answer": "decode_response",
    "say": "send_line, print_error",
    "second_draw": "exploration_hash",
    "variants": "experiment_routers",
    "Way": "RouterKey",
    "WholeAnswer": "CompleteResponse",
    "with_model": "rewrite_model",
    "write_answer": "encode_response",
}
"""What functions, classes and parameters are no longer called; what to call them instead."""


def strings(file: Path) -> Iterator[tuple[int, str]]:
    """The string constants of a module; of docstrings only those that click prints as help."""
    tree = ast.parse(file.read_text("utf-8"))
    printed = file.parent.name == "cli"
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and not printed
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text), lineno=line) if id(node) not in docstrings:
                yield line, text


def lines(file: Path) -> Iterator[tuple[int, str]]:
    yield from enumerate(file.read_text("utf-8").splitlines(), 1)


def read() -> Iterator[tuple[str, str]]:
    """Every place where people read, and what stands there."""
    for file in sorted(SOURCE.rglob("*.py")):
        if LEXICON not in file.parents:
            yield from ((f"{file.relative_to(ROOT)}:{line}", text) for line, text in strings(file))
    documents = [ROOT / "README.md", ROOT / "config" / "ssot_config.yaml", *ROOT.glob("docs/*.md")]
    shown = [*SOURCE.rglob("*.html"), *SOURCE.rglob("*.js"), *ROOT.glob("deploy/**/*.y*ml")]
    for file in sorted([*documents, *shown]):
        yield from ((f"{file.relative_to(ROOT)}:{line}", text) for line, text in lines(file))


@cache
def all_read() -> list[tuple[str, str]]:
    return list(read())


@pytest.mark.parametrize("old", OLD)
def test_an_old_phrase_is_gone(old: str):
    pattern = re.compile(old, re.IGNORECASE)
    places = [f"{place}: {text.strip()}" for place, text in all_read() if pattern.search(text)]
    assert not places, "\n".join([f"write instead: {OLD[old]}", *places])


@pytest.mark.parametrize(
    "text",
    [
        "the old one stays in force",
        "the body is no JSON",
        "'base_url' is no URL",
        "must be a text",
        "local is there already",
        "there is nothing here",
        "left alone after 5 failures",
        "an API key is needed",
        "nobody can answer",
        "is missing or no string",
        "changed meanwhile; try again",
        "holds characters that a header cannot carry",
        "both claim the path; one has to go",
        "Else the present.",
        "Of the sessions.",
    ],
)
def test_the_patterns_know_the_phrases_that_they_are_for(text: str):
    assert any(re.search(old, text, re.IGNORECASE) for old in OLD)


def names(file: Path) -> Iterator[tuple[int, str]]:
    """What a module calls its functions, classes, parameters, attributes and variables."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case (
                ast.FunctionDef(name=str(name), lineno=line)
                | ast.AsyncFunctionDef(name=str(name), lineno=line)
                | ast.ClassDef(name=str(name), lineno=line)
                | ast.arg(arg=str(name), lineno=line)
                | ast.Attribute(attr=str(name), ctx=ast.Store(), lineno=line)
                | ast.Name(id=str(name), ctx=ast.Store(), lineno=line)
            ):
                yield line, name.lstrip("_")


def test_an_old_name_is_gone():
    places = [
        f"{file.relative_to(ROOT)}:{line}: {name}; say instead: {OLD_NAMES[name]}"
        for file in sorted(SOURCE.rglob("*.py"))
        for line, name in names(file)
        if name in OLD_NAMES
    ]
    assert not places, "\n".join(places)


def test_usual_sentences_are_not_taken_for_old_ones():
    for text in (
        "there is no model",
        "is no longer",
        "is not valid JSON",
        "a textbook",
        "defective",
    ):
        assert not any(re.search(old, text, re.IGNORECASE) for old in OLD), text


def test_no_two_classes_have_one_name():
    places: dict[str, list[str]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(file.relative_to(SOURCE).as_posix())
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
