"""Each step goes on with the one of its class, whatever else there is."""

from gearshift.pipeline.carry_over import carry_over


class Step:
    def __init__(self):
        self.told = []

    def carry_over(self, previous, unchanged):
        self.told.append((previous, unchanged))


class Other(Step):
    pass


def test_each_step_is_told_of_the_one_of_its_class():
    old, new = [Other(), Step()], [Step(), Other()]
    carry_over(new, old, {"u"})
    assert new[0].told == [(old[1], {"u"})]
    assert new[1].told == [(old[0], {"u"})]
    assert old[0].told == old[1].told == []


def test_a_new_step_begins_afresh_and_one_that_is_gone_is_forgotten():
    new = Step()
    carry_over([new], [Other()], {"u"})
    assert new.told == []
