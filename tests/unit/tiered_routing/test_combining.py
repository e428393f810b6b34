"""Two signs together: requests for code, processes, translations, calculations, situations."""

import pytest

from gearshift.tiered_routing.combining import find_problems, find_requests, is_matter
from gearshift.tiered_routing.kinds import Kind


def counts(**kinds: int) -> list[int]:
    numbers = [0] * len(Kind)
    for name, count in kinds.items():
        numbers[Kind[name]] = count
    return numbers


@pytest.mark.parametrize(
    ("signs", "kind", "count"),
    [
        ({"MAKE": 1}, Kind.CODE_REQUEST, 0),
        ({"MAKE": 1, "LANGUAGE": 1}, Kind.CODE_REQUEST, 1),
        ({"DESIGN": 1, "LANGUAGE": 2, "CODE_OBJECT": 1}, Kind.CODE_REQUEST, 2),
        ({"LANGUAGE": 1, "SPECIALIST_CODE": 1}, Kind.CODE_REQUEST, 1),
        ({"LANGUAGE": 1, "SPECIALIST_CODE": 1, "DEFINE": 1}, Kind.CODE_REQUEST, 0),
        ({"MECHANISM": 1, "WORK": 1}, Kind.PROCESS, 1),
        ({"MECHANISM": 1, "WORK": 1, "HOWTO": 1}, Kind.PROCESS, 0),
        ({"TRANSLATE": 1, "CRAFT": 1}, Kind.TRANSLATE, 0),
        ({"TRANSLATE": 1, "SPECIALIST": 1}, Kind.TRANSLATE, 1),
        ({"TRANSLATE": 1, "SPECIALIST": 2}, Kind.CRAFT, 1),
    ],
)
def test_requests(signs: dict[str, int], kind: Kind, count: int):
    evidence = counts(**signs)
    find_requests(evidence)
    assert evidence[kind] == count


@pytest.mark.parametrize(
    ("signs", "kind", "count"),
    [
        ({"FORMULA": 1}, Kind.CALCULATION, 0),
        ({"SOLVE": 1}, Kind.CALCULATION, 0),
        ({"FORMULA": 1, "SOLVE": 1}, Kind.CALCULATION, 1),
        ({"FORMULA": 1, "SPECIALIST": 1}, Kind.CALCULATION, 1),
        ({"SPECIALIST": 1, "SOLVE": 1}, Kind.CALCULATION, 1),
        ({"SCOPE": 2, "QUANTITY": 2, "FIGURES": 1, "NUMBER": 1}, Kind.WORD_PROBLEM, 1),
        ({"SCOPE": 1, "QUANTITY": 2, "FIGURES": 2}, Kind.WORD_PROBLEM, 0),
        ({"SCOPE": 2, "FIGURES": 2, "FIRST_PERSON": 1}, Kind.SITUATION, 3),
        ({"SCOPE": 2, "LOOKUP": 1}, Kind.SITUATION, 1),
        ({"SCOPE": 2, "DEFINE": 1}, Kind.SITUATION, 0),
        ({"SCOPE": 3, "LOOKUP": 1}, Kind.UNFRAMED, 0),
        ({"SCOPE": 3}, Kind.UNFRAMED, 3),
        ({"SPECIALIST": 1}, Kind.BARE_TOPIC, 1),
        ({"SPECIALIST": 1, "LIST": 1}, Kind.BARE_TOPIC, 0),
    ],
)
def test_problems(signs: dict[str, int], kind: Kind, count: int):
    evidence = counts(**signs)
    find_problems(evidence)
    assert evidence[kind] == count


@pytest.mark.parametrize("signs", [{"FIGURES": 3}, {"PUZZLE": 1}, {"SPECIALIST": 2}])
def test_a_story_to_be_thought_about(signs: dict[str, int]):
    assert is_matter(counts(**signs))
    assert not is_matter(counts(FIGURES=1, NUMBER=1, SPECIALIST=1))
