"""Every kind has one place in the counts, and the lexicon has no kind without one."""

import pytest

from gearshift.tiered_routing.kinds import Kind, kind_named
from gearshift.tiered_routing.lexicon import english, languages, structures
from gearshift.tiered_routing.lexicon.weights import HARD_FRAMES, SIMPLE_FRAMES, WEIGHTS
from gearshift.tiered_routing.vocabulary import KIND_MASK, TERM_KINDS

NAMED = [
    *english.CUES,
    *english.VERBS,
    *TERM_KINDS,
    *structures.RAW,
    *languages.FUNCTION_WORDS,
    *(kind for cues in languages.CUES.values() for kind in cues),
]


def test_kinds_are_numbered_from_zero_without_a_gap_and_fit_into_a_label():
    assert list(Kind) == list(range(len(Kind)))
    assert len(Kind) <= KIND_MASK + 1


def test_every_kind_that_the_lexicon_names_exists():
    assert {kind_named(name).name.lower() for name in NAMED} == set(NAMED)


def test_every_kind_is_named_by_the_lexicon_or_weighs_something():
    weighs = {*WEIGHTS, *SIMPLE_FRAMES, *HARD_FRAMES}
    assert set(Kind) == {*map(kind_named, NAMED)} | weighs


def test_the_languages_follow_each_other_in_the_order_of_their_function_words():
    places = [kind_named(kind) for kind in languages.FUNCTION_WORDS]
    assert places == list(range(Kind.LANG_EN, Kind.LANG_EN + len(places)))


def test_a_name_that_is_none():
    with pytest.raises(KeyError):
        kind_named("wisdom")
