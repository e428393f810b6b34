"""Tokens of a day: spent once, and there again at midnight, UTC."""

from gearshift.quality.budget import DailyBudget


def test_a_day_has_its_tokens_and_the_next_one_has_them_again():
    now = [86_400.0 * 3 + 5]
    budget = DailyBudget(100, lambda: now[0])
    budget.spend(60)
    assert budget.left == 40
    budget.spend(60)
    assert budget.left == -20
    now[0] = 86_400.0 * 4 - 1
    assert budget.left == -20
    now[0] += 1
    assert budget.left == 100
    budget.spend(1)
    assert budget.left == 99


def test_another_amount_counts_from_now_on_and_gives_nothing_back():
    budget = DailyBudget(100, lambda: 0.0)
    assert budget.left == 100
    budget.spend(30)
    budget.allow(50)
    assert budget.left == 20


def test_what_was_spent_yesterday_is_forgotten_by_the_first_who_spends():
    now = [0.0]
    budget = DailyBudget(100, lambda: now[0])
    budget.spend(60)
    now[0] = 86_400.0
    budget.spend(5)
    assert budget.left == 95
