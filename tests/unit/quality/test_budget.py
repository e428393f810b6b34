from gearshift.quality.budget import DailyBudget


def test_a_day_has_its_tokens_and_the_next_one_has_them_again():
    now = [86_400.0 * 3 + 5]
    budget = DailyBudget(100, lambda: now[0])
    budget.spend(60)
    assert budget.left == 40
    budget.spend(60)
    assert budget.left == -20
    now[0] += 86_400
    assert budget.left == 100
