"""The dashboard in a real browser, in front of a real gateway."""

from __future__ import annotations

import json
import re
import time
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.browser.conftest import ARTEFACTS, looking
from tests.e2e.conftest import serving

from gearshift.providers.demo_model import demo_models

PAGES = ("", "requests", "threshold", "quality", "experiments", "usage", "try-it")
CONFIG = """
tiered_routing: {complexity_threshold: 3}
quality: {shadow_share: 1.0, shadow_share_complex: 1.0}
decision_log: {store_prompts: true}
"""
MARKUP = '"><script>window.broken = 1</script><img src=x onerror="window.broken = 1"> &lt;b&gt;'
BAD = ("serious", "critical")


def ask(url, prompt, **headers):
    body = {"model": "auto", "max_tokens": 4, "messages": [{"role": "user", "content": prompt}]}
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers["x-gearshift-decision-id"]


def judged(admin):
    with urllib.request.urlopen(f"{admin}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.findall(r"^gearshift_quality_judgements_total.* (\S+)$", text, re.MULTILINE)
    return sum(map(float, found))


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A gateway with traffic, verdicts, an experiment, and prompts full of markup."""
    folder = tmp_path_factory.mktemp("busy")
    config = folder / "config.yaml"
    config.write_text(CONFIG)
    options = ("--demo", "--config", str(config))
    with serving(folder, *options, XDG_STATE_HOME=str(folder / "state")) as gateway:
        prompts = ["What time is it in Oslo?", "Explain async vs threads", MARKUP] * 8
        ids = [ask(gateway.url, prompt, **{"x-session-id": MARKUP[:40]}) for prompt in prompts]
        deadline = time.monotonic() + 60
        while judged(gateway.admin) < len(prompts) and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(0.6)
        start_experiment(folder)
        yield gateway, config, ids


def start_experiment(folder):
    from gearshift.decision_log.database import open_database
    from gearshift.decision_log.experiments import Metric, start
    from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

    engine = open_database(f"sqlite:///{folder / 'state/gearshift/decisions.db'}")
    arms = (Arm("<b>one</b>", models={"simple": "a"}), Arm("two", models={"simple": "b"}))
    start(engine, Experiment("<i>x</i>", Dimension.MODELS, arms, 0.001), Metric.FAILURES, 0.05)
    engine.dispose()


def serious(page):
    """What axe-core finds that keeps people out."""
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in BAD]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_with_data_is_whole_and_accessible(browser, busy, path, scheme):
    gateway, _, _ = busy
    with looking(browser, scheme) as page:
        page.goto(f"{gateway.admin}/{path}", wait_until="load")
        assert page.locator("nav a[aria-current=page]").count() == 1
        assert page.locator(".empty").count() == 0
        for image in page.locator("img").all():
            assert image.evaluate("image => image.complete && image.naturalWidth > 0")
        assert serious(page) == []
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{path or 'overview'}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone(browser, busy, path):
    gateway, _, _ = busy
    with looking(browser, width=360) as page:
        page.goto(f"{gateway.admin}/{path}", wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.screenshot(path=ARTEFACTS / f"{path or 'overview'}-phone.png", full_page=True)


def test_markup_is_text_everywhere(browser, busy):
    gateway, _, ids = busy
    with looking(browser) as page:
        for path in (*PAGES, f"request?id={ids[2]}", "requests?model=%3Cscript%3Ewindow.broken=1"):
            page.goto(f"{gateway.admin}/{path}", wait_until="load")
            assert page.evaluate("window.broken") is None
            assert page.locator("main script").count() == 0
        page.goto(f"{gateway.admin}/request?id={ids[2]}")
        assert MARKUP in page.locator("pre").first.inner_text()
        page.goto(f"{gateway.admin}/experiments")
        assert "<i>x</i>" in page.locator("h2").first.inner_text()


def test_a_models_name_full_of_markup_is_text(browser, tmp_path):
    """Names of upstreams and clients cannot have any: the settings refuse them."""
    model = '<img src=x onerror="window.broken=1"></td><script>window.broken=1</script>'
    config = tmp_path / "config.json"
    upstream = {
        "name": "demo",
        "provider": "embedded",
        "model_paths": {model: str(demo_models({"simple": model}, tmp_path)["simple"])},
    }
    config.write_text(
        json.dumps(
            {
                "upstreams": [upstream],
                "tiered_routing": {"models": {"simple": model, "complex": model}},
            }
        )
    )
    options = ("--config", str(config))
    with serving(tmp_path, *options, XDG_STATE_HOME=str(tmp_path / "state")) as gateway:
        ask(gateway.url, "Hello")
        time.sleep(1.5)
        for path in PAGES:
            with looking(browser) as page:
                page.goto(f"{gateway.admin}/{path}", wait_until="load")
                assert page.evaluate("window.broken") is None
                assert page.locator("main script, main img[onerror]").count() == 0
                if path in ("", "requests", "usage"):
                    assert model in page.locator("main").inner_text()


def test_a_decision_is_explained(browser, busy):
    gateway, _, _ = busy
    with looking(browser) as page:
        page.goto(f"{gateway.admin}/requests?tier=complex")
        page.locator("tbody a").first.click()
        page.wait_for_url("**/request?id=*")
        text = page.locator("main").inner_text()
        assert "What would change its tier:" in text
        assert page.locator("meter").count() == 5
        assert serious(page) == []
        page.screenshot(path=ARTEFACTS / "request-light.png", full_page=True)


def test_a_threshold_is_tried_applied_and_undone(browser, busy):
    gateway, config, _ = busy
    with looking(browser) as page:
        page.goto(f"{gateway.admin}/threshold")
        assert page.locator("#apply").is_disabled()
        page.locator("#slider").focus()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        assert page.locator("#at").inner_text() == "5"
        assert float(page.locator("#share").inner_text().removesuffix(" %")) > 60
        page.locator("#apply").click()
        assert serious(page) == []  # with the dialog open
        page.locator("#sure button[value=no]").click()
        assert "complexity_threshold: 3" in config.read_text()
        page.locator("#apply").click()
        assert "from 3 to 5" in page.locator("#sure-words").inner_text()
        page.locator("#sure button[value=yes]").click()
        expect(page.locator("#said")).to_contain_text("3 → 5", timeout=15_000)
        assert "complexity_threshold: 5" in config.read_text()
        assert "It is currently 5." in page.locator("main").inner_text()
        page.locator("#undo").click()
        expect(page.locator("#said")).to_contain_text("5 → 3", timeout=15_000)
        assert "complexity_threshold: 3" in config.read_text()


def test_a_prompt_is_tried_on_both_models(browser, busy):
    gateway, _, _ = busy
    with looking(browser) as page:
        page.goto(f"{gateway.admin}/try-it")
        page.locator("#prompt").fill("Explain async vs threads")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.locator("#result").wait_for()
        assert page.locator("#tier").inner_text().startswith("complex, score 4.17")
        for answer in page.locator("[data-answer]").all():
            assert "gearshift" in answer.inner_text()
        assert serious(page) == []
        page.screenshot(path=ARTEFACTS / "try-it-answered.png", full_page=True)


def test_the_overview_is_live(browser, busy):
    gateway, _, _ = busy
    with looking(browser) as page:
        page.goto(gateway.admin)
        before = page.locator(".value").first.inner_text()
        ask(gateway.url, "What time is it in Rome?")
        expect(page.locator(".value").first).not_to_have_text(before, timeout=15_000)


@pytest.mark.parametrize("log", ["true", "false"])
def test_pages_without_data_say_what_to_do(browser, tmp_path, log):
    config = tmp_path / "config.yaml"
    config.write_text(f"decision_log: {{enabled: {log}}}\n")
    options = ("--demo", "--config", str(config))
    with serving(tmp_path, *options, XDG_STATE_HOME=str(tmp_path / "state")) as gateway:
        for path in PAGES[:-1]:
            # A page that needs the log says so with 503, which a browser reports as an error.
            is_refused = log == "false" and path != ""
            with looking(browser, expected="503" if is_refused else None) as page:
                page.goto(f"{gateway.admin}/{path}", wait_until="load")
                assert page.locator(".empty, .alarm").count() == 1
                if is_refused:
                    assert "decision_log.enabled" in page.locator("main").inner_text()
                assert serious(page) == []
                name = f"{path or 'overview'}-empty-{log}.png"
                page.screenshot(path=ARTEFACTS / name, full_page=True)


def test_an_upstream_that_fails_is_shown(browser, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        "upstreams: [{name: away, provider: openai, base_url: 'http://127.0.0.1:9/v1',"
        " models: ['gemma2:2b', 'mistral:7b-instruct']}]\n"
    )
    options = ("--config", str(config))
    with serving(tmp_path, *options, XDG_STATE_HOME=str(tmp_path / "state")) as gateway:
        for path in PAGES:
            with looking(browser) as page:
                page.goto(f"{gateway.admin}/{path}", wait_until="load")
                if not path:
                    assert page.locator(".state.bad").count() == 2
                    page.screenshot(path=ARTEFACTS / "overview-failing.png", full_page=True)
                assert serious(page) == []
        with looking(browser) as page:
            page.goto(f"{gateway.admin}/try-it")
            page.locator("#prompt").fill("Hello")
            page.locator("#try button").first.click()
            page.locator("#result").wait_for()
            assert "away" in page.locator("[data-answer]").first.inner_text()
