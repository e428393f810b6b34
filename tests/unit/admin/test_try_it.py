"""One prompt, its score, and what both tiers answer."""

import pytest

from gearshift.admin import try_it
from gearshift.errors import FailureKind, RequestError, UpstreamError

PROMPT = "Explain async vs threads"


async def test_both_tiers_answer_the_same_prompt(desks):
    found = await try_it.answer(desks(), {"prompt": PROMPT})
    assert (found["decision"]["tier"], found["decision"]["cause"]) == ("complex", "scored")
    told = [(one["tier"], one["text"], one["tokens"]) for one in found["answers"]]
    assert told == [
        ("simple", f"gemma2:2b: {PROMPT}", 4),
        ("complex", f"mistral:7b-instruct: {PROMPT}", 4),
    ]
    assert all(one["seconds"] >= 0 for one in found["answers"])


async def test_a_score_alone_asks_nobody(desks):
    context = desks()
    found = await try_it.answer(context, {"prompt": PROMPT, "answers": False})
    assert "answers" not in found
    assert context.llm.providers["here"].asked == []


async def test_a_tier_that_fails_says_so_and_the_other_answers(desks):
    context = desks(retries={"attempts": 0}, tiered_routing={"fallback_to_complex": False})
    provider = context.llm.providers["here"]
    send = provider.send

    async def failing(request, model):
        if model == "gemma2:2b":
            raise UpstreamError("out of memory", fault=FailureKind.FAILED)
        return await send(request, model)

    provider.send = failing
    first, second = (await try_it.answer(context, {"prompt": PROMPT}))["answers"]
    assert first["tier"] == "simple"
    assert "out of memory" in first["error"]
    assert second["model"] == "mistral:7b-instruct"


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (None, "must be a string"),
        (7, "must be a string"),
        ("", "must be a string"),
        (" \n", "must be a string"),
        ("x" * 20_001, "more than 20,000 characters"),
    ],
)
async def test_what_is_no_prompt(desks, prompt, words):
    with pytest.raises(RequestError, match=words) as caught:
        await try_it.answer(desks(), {"prompt": prompt})
    assert (caught.value.status, caught.value.field) == (400, "prompt")


async def test_a_scorer_that_can_explain_names_words_of_the_prompt(desks):
    asked = {"prompt": PROMPT, "answers": False}
    assert (await try_it.answer(desks(), asked))["evidence"] == []
    context = desks(tiered_routing={"scorer": "learned"})
    evidence = (await try_it.answer(context, asked))["evidence"]
    assert evidence
    assert all(set(one) == {"ngram", "adds"} for one in evidence)


async def test_the_page_names_the_lowest_and_the_highest_tier(desks):
    tiers = [
        {"name": "a", "below": 3, "deployments": ["m"]},
        {"name": "b", "below": 6, "deployments": ["n"]},
        {"name": "c", "deployments": ["o"]},
    ]
    context = desks(tiered_routing={"tiers": tiers})
    assert await try_it.facts(context, {}) == {"tiers": ["a", "c"]}
