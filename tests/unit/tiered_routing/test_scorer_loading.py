"""A scorer that cannot serve is refused when it is loaded, in words that say what is wrong."""

import pytest

from gearshift.errors import ConfigError
from gearshift.tiered_routing import TierConfig
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.tiered_routing.scorer_loading import load_scorer


class Good:
    name, version = "good", "1"

    def __init__(self, config):
        self.config = config

    def score(self, text_or_messages):
        return ComplexityResult(1.0, {}, {}, "simple", 3.0)


class Nameless(Good):
    name = None  # type: ignore[assignment] # what must be refused


class TwoLines(Good):
    name = "a\nb"


class Numbered(Good):
    version = 2  # type: ignore[assignment] # what must be refused


class Answering(Good):
    def score(self, text_or_messages):
        return 3.0


class Raising(Good):
    def score(self, text_or_messages):
        raise ValueError


class Unmakeable:
    def __init__(self, config):
        raise RuntimeError("no model here")


class NoScorer:
    def __init__(self, config):
        pass


def load(name):
    return load_scorer(TierConfig(scorer=f"{__name__}:{name}"))


def test_one_that_serves_is_loaded():
    assert load("Good").score("hi").tier == "simple"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NoScorer", "lacks name, version, score"),
        ("Nameless", "its name must be"),
        ("TwoLines", "its name must be"),
        ("Numbered", "its version must be"),
        ("Answering", "returned float, not a ComplexityResult"),
        ("Raising", "ValueError in test_scorer_loading.py"),
        ("Unmakeable", "RuntimeError: no model here"),
        ("Missing", "cannot be loaded"),
    ],
)
def test_one_that_cannot_serve_is_refused(name, words):
    with pytest.raises(ConfigError, match=r"is not a scorer|cannot be loaded") as caught:
        load(name)
    assert words in str(caught.value)
