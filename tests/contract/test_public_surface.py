"""The names that users and other programs rely on."""

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import gearshift
from gearshift import interface, registry, tiered_routing
from gearshift.constants import model_constants

PROMISED = {
    "ComplexityResult",
    "LLMInterface",
    "TaskComplexityScorer",
    "TierConfig",
    "TierLogging",
    "TierModels",
    "TieredModelRouter",
}


def test_the_package_exports_what_is_promised():
    assert set(gearshift.__all__) >= PROMISED
    for name in gearshift.__all__:
        assert getattr(gearshift, name) is not None
    assert set(tiered_routing.__all__) == PROMISED - {"LLMInterface"}
    assert sorted(gearshift.__all__) == sorted(gearshift._HOMES)


def test_the_program_that_type_checkers_read_uses_every_public_name():
    tree = ast.parse((Path(__file__).parents[1] / "typing" / "api.py").read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {name.name for node in imports if node.module == "gearshift" for name in node.names}
    assert names == set(gearshift.__all__)


def test_the_version_is_that_of_the_package():
    assert gearshift.__version__ == importlib.metadata.version("gearshift")


def test_the_default_models():
    assert model_constants.SIMPLE_TIER_MODEL == "gemma2:2b"
    assert model_constants.COMPLEX_TIER_MODEL == "mistral:7b-instruct"


def test_the_seed_method_returns_two_strings():
    llm = gearshift.LLMInterface(gearshift.TierConfig())
    choose = llm._determine_provider_and_model
    assert choose(messages="What time is it?") == ("ollama", "gemma2:2b")
    assert choose(messages=[{"role": "user", "content": "Explain async vs threads"}]) == (
        "ollama",
        "mistral:7b-instruct",
    )
    assert choose(messages="What time is it?", tier="complex")[1] == "mistral:7b-instruct"
    assert interface.LLMInterface is gearshift.LLMInterface


def test_every_registered_name_can_be_loaded():
    dialects = (registry.CLIENT_DIALECTS, registry.UPSTREAM_DIALECTS)
    for table in (*dialects, registry.PROVIDERS, registry.SCORERS):
        for target in table.values():
            assert callable(registry.load(target))


def test_whoever_only_scores_does_not_load_the_http_library():
    code = (
        "import sys, gearshift\n"
        "gearshift.TaskComplexityScorer().score('hi')\n"
        "sys.exit(bool({'aiohttp', 'xllamacpp', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
