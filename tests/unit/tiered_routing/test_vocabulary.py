"""The lexicon compiled: every kind has a number, and every entry is found in its forms."""

import pytest

from gearshift.tiered_routing import vocabulary as module
from gearshift.tiered_routing.kinds import Kind
from gearshift.tiered_routing.lexicon import english, languages
from gearshift.tiered_routing.text import fold
from gearshift.tiered_routing.vocabulary import (
    KIND_MASK,
    entries,
    vocabulary,
)


def kinds_in(text, patterns=None):
    patterns = patterns or vocabulary().words
    return {Kind(label & KIND_MASK).name.lower() for label in patterns.labels(fold(text))}


def test_entries_are_folded_and_none_is_empty():
    assert entries("Don't, re-run ,, C++,\n naïve") == ["dont", "re run", "c++", "naive"]


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("box", {"box", "boxes"}),
        ("city", {"city", "cities"}),
        ("day", {"day", "days"}),
        ("branch", {"branch", "branches"}),
        ("class", {"class"}),
        ("c++", {"c++"}),
        ("io", {"io"}),
        ("graph", {"graph", "graphs"}),
    ],
)
def test_nouns_have_their_plural(word, forms):
    assert set(module._plurals(word)) == forms


@pytest.mark.parametrize(
    ("verb", "some"),
    [
        ("parse", {"parse", "parses", "parsed", "parsing", "parser"}),
        ("plan", {"plan", "plans", "planned", "planning"}),
        ("verify", {"verify", "verifies", "verified", "verifying"}),
        ("set up", {"set up", "sets up", "setting up"}),
    ],
)
def test_verbs_have_their_forms(verb, some):
    assert some <= set(module._verb_forms(verb))


def test_forms_of_one_entry_have_one_label():
    one, other, third = (
        set(vocabulary().words.labels(f" {form} ".encode()))
        for form in ("compare", "comparing", "explain")
    )
    assert one & other
    assert third
    assert not third & (one | other)


@pytest.mark.parametrize(
    ("language", "entry", "spellings"),
    [
        ("de", "warum", (" warum",)),
        ("de", "wie.", (" wie ",)),
        ("de", "*beweis", ("beweis",)),
    ],
)
def test_stems_whole_words_and_parts_of_words(language, entry, spellings):
    assert language in languages.CUES
    assert tuple(module._spellings(language, entry)) == spellings


def test_languages_without_spaces_match_anywhere():
    for language in languages.UNSPACED:
        assert tuple(module._spellings(language, "为什么.")) == ("为什么",)


@pytest.mark.parametrize("kind", sorted(english.VERBS))
def test_every_kind_of_verb_is_found_in_a_sentence(kind):
    verb = entries(english.VERBS[kind])[0]
    assert kind in kinds_in(f"Please {verb} it")


@pytest.mark.parametrize("kind", sorted(english.CUES))
def test_every_cue_is_found_in_a_sentence(kind):
    assert kind in kinds_in(f"so {entries(english.CUES[kind])[0]} now")


@pytest.mark.parametrize("language", sorted(languages.CUES))
def test_every_language_finds_its_own_cues(language):
    found = vocabulary().foreign[language]
    for kind, text in languages.CUES[language].items():
        first = next(entry for entry in text.split(",") if entry.strip())
        assert kind in kinds_in(f" {first.strip('*. ')} ", found), kind


def test_part_of_a_word_is_no_word():
    assert not kinds_in("xyzzy")
    verb = entries(next(iter(english.VERBS.values())))[0]
    assert kinds_in(f"qq{verb}qq") <= kinds_in("qq")


def test_it_is_made_once():
    assert vocabulary() is vocabulary()
