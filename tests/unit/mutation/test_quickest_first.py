"""In which order tests are tried against a mutant."""

from mutation.quickest_first import order


def test_quick_tests_come_first():
    seconds = {"b": 3.0, "c": 0.02, "d": 0.3}
    assert order(["b", "c", "d"], seconds) == [1, 2, 0]


def test_tests_of_one_file_that_take_about_as_long_stay_together():
    seconds = {"one::a": 0.004, "two::a": 0.001, "one::b": 0.009, "two::b": 2.0, "one::c": 0.0}
    tests = sorted(seconds, key=lambda test: seconds[test])
    found = " ".join(tests[n] for n in order(tests, seconds))
    assert found == "one::a one::b one::c two::a two::b"


def test_a_test_that_nobody_has_timed_counts_as_quick():
    assert order(["slow", "new"], {"slow": 1.5}) == [1, 0]
