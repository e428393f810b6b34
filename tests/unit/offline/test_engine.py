"""The work is the same everywhere, and an error names its part."""

import pickle

import pytest

from gearshift.errors import GearshiftError, MissingExtraError
from gearshift.offline.engine import attempt, load_engine, one_after_another, results
from gearshift.offline.parts import FilePart
from gearshift.offline.processes import Processes

PARTS = [
    FilePart("a", 0, 1, is_whole=False),
    FilePart("a", 1, 2, is_whole=False),
    FilePart("b", 0, 3),
]


def rows(part):
    return part.rows


class Backwards:
    """An engine whose last part is done first."""

    def map(self, work, parts):
        return one_after_another(work, reversed(parts))


def test_results_have_the_order_of_the_parts():
    told = []
    assert results(Backwards(), rows, PARTS, told.append) == [1, 2, 3]
    assert told == PARTS[::-1]


def test_engines_are_found_by_name():
    assert isinstance(load_engine("duckdb", 2), Processes)


def failing(error):
    def work(part):
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("nix"), "a, rows 1 to 1: ValueError: nix"),
        (GearshiftError("nix"), "a, rows 1 to 1: nix"),
        (GearshiftError("a: cannot be read"), "a: cannot be read"),
        (MissingExtraError("x", "it", "no"), 'a, rows 1 to 1: it needs an extra: pip install "'),
    ],
)
def test_whatever_fails_names_its_part_and_can_be_sent_back(error, said):
    with pytest.raises(GearshiftError) as caught:
        attempt(failing(error), PARTS[0])
    assert str(pickle.loads(pickle.dumps(caught.value))).startswith(said)
