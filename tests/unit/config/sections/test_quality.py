"""What may be said about measuring quality, and which mistakes are named."""

import json

import pytest
from pydantic import ValidationError

from gearshift.config.sections.quality import AlarmSettings, AutoTuneSettings, QualitySettings
from gearshift.config_file.messages import problems_of


def problems(model, given):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return [str(problem) for problem in problems_of(caught.value, model)]


def test_nothing_is_measured_changed_or_told_by_default():
    quality = QualitySettings()
    assert (quality.shadow_share, quality.large_share, quality.explore_share) == (0, 0, 0)
    assert not quality.auto_tune.enabled
    assert not quality.store_answers
    assert quality.alarms.webhook is None


@pytest.mark.parametrize(
    ("given", "share"),
    [
        ({"shadow_share": 0.2}, 0.05),
        ({"shadow_share": 0.2, "shadow_share_complex": 0}, 0),
        ({"shadow_share": 0.2, "shadow_share_complex": 0.2}, 0.2),
    ],
)
def test_a_quarter_is_drawn_of_the_large_models_answers_unless_it_is_said(given, share):
    assert QualitySettings.model_validate(given).large_share == pytest.approx(share)


def test_no_more_is_drawn_of_the_large_models_answers():
    (line,) = problems(QualitySettings, {"shadow_share": 0.1, "shadow_share_complex": 0.11})
    assert line == "shadow_share_complex: is above shadow_share (lower it, or raise shadow_share)"


@pytest.mark.parametrize("judge", ["checks", "model", "my.module:Judge", "_m:_j"])
def test_judges_that_there_are_or_may_be(judge):
    assert QualitySettings(judge=judge).judge == judge


@pytest.mark.parametrize(
    ("judge", "advice"),
    [
        ("check", "did you mean 'checks'?"),
        ("nobody", "one of: checks, model, or module:name"),
        ("my-module:judge", "one of: checks, model, or module:name"),
        ("a:b:c", "one of: checks, model, or module:name"),
        ("plug:", "one of: checks, model, or module:name"),
    ],
)
def test_a_judge_that_nobody_knows(judge, advice):
    assert problems(QualitySettings, {"judge": judge}) == [
        f"judge: no judge {judge!r} ({advice})",
    ]


def test_an_empty_model_is_none():
    assert QualitySettings.model_validate({"judge_model": ""}).judge_model is None
    assert QualitySettings.model_validate({"judge_model": "m"}).judge_model == "m"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("explore_band", [0.1, 10], [0, 10.1, True]),
        ("explore_share", [0, 1], [1.1, -0.1]),
        ("daily_tokens", [1], [0]),
        ("max_waiting", [1], [0]),
        ("pause_above", [0], [-1]),
    ],
)
def test_bounds(name, good, bad):
    for value in good:
        assert getattr(QualitySettings.model_validate({name: value}), name) == value
    for value in bad:
        assert problems(QualitySettings, {name: value})[0].startswith(f"{name}: ")


def test_the_promise_of_tuning_is_never_certain_and_never_empty():
    for name in ("alpha", "delta"):
        for value in (0, 1):
            (line,) = problems(AutoTuneSettings, {name: value})
            assert line.startswith(f"{name}: ")
    assert problems(AutoTuneSettings, {"every_hours": 0})[0].startswith("every_hours: ")


def test_a_band_of_shares_is_in_order():
    assert AlarmSettings.model_validate({"simple_share": [0.2, 0.9]}).simple_share == (0.2, 0.9)
    (line,) = problems(AlarmSettings, {"simple_share": [0.9, 0.2]})
    assert line == "simple_share: the lowest share comes first (such as [0.2, 0.9])"


@pytest.mark.parametrize("url", ["hook", "ftp://h/x", "http://", "//h"])
def test_a_webhook_is_an_address(url):
    (line,) = problems(AlarmSettings, {"webhook": url})
    assert line == f"webhook: {url!r} is not a URL (such as https://example.org/hook)"


def test_a_webhooks_secret_is_neither_shown_nor_repeated():
    settings = AlarmSettings.model_validate({"webhook": "https://u:hunter2@h/x"})
    assert settings.webhook == "https://u:hunter2@h/x"
    assert "hunter2" not in json.dumps(settings.model_dump(mode="json"))
    assert "hunter2" not in str(problems(AlarmSettings, {"webhook": "ftp://u:hunter2@h"}))
    assert AlarmSettings.model_validate({"webhook": ""}).webhook is None
