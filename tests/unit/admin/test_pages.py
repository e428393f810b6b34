"""Facts as HTML: numbers that people can read, and no value that is not escaped."""

import pytest
from tests.fakes.finished import finished

from gearshift.admin import pages
from gearshift.admin.views import VIEWS


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (pages.percent, None, "–"),
        (pages.percent, 0.0, "0.0 %"),
        (pages.percent, 0.12345, "12.3 %"),
        (pages.percent, 1.0, "100.0 %"),
        (pages.seconds, None, "–"),
        (pages.seconds, 0.0, "0 ms"),
        (pages.seconds, 0.9994, "999 ms"),
        (pages.seconds, 1.0, "1.0 s"),
        (pages.seconds, 75.26, "75.3 s"),
        (pages.flops, None, "–"),
        (pages.flops, 0.0, "0 FLOP"),
        (pages.flops, 0.5, "0.5 FLOP"),
        (pages.flops, 999.0, "999 FLOP"),
        (pages.flops, 1000.0, "1 kFLOP"),
        (pages.flops, -2.5e12, "-2.5 TFLOP"),
        (pages.flops, 1.5e24, "1.5e+06 EFLOP"),
        (pages.money, 0.0, "0"),
        (pages.money, 0.000123456, "0.0001235"),
        (pages.money, 0.5, "0.5"),
        (pages.money, 1234.567, "1,234.57"),
        (pages.money, -0.25, "-0.25"),
        (pages.moment, None, "–"),
        (pages.moment, 0, "1970-01-01 00:00:00"),
        (pages.moment, 1_700_000_000.9, "2023-11-14 22:13:20"),
    ],
)
def test_numbers(show, value, text):
    assert show(value) == text


EVIL = "<script>alert('x')</script>\"&"


async def test_whatever_a_client_sends_is_text_on_every_page(planes):
    event = finished(prompt=EVIL, client=EVIL, fault=EVIL, status=502, attempts=((EVIL, "busy"),))
    event = event._replace(
        decision=event.decision._replace(tier="simple", model=EVIL, upstream=EVIL, reason=EVIL)
    )
    plane = planes([event] * 1 + [finished(client=EVIL) for _ in range(40)], with_prompts=True)
    for view in VIEWS:
        if not view.page:
            continue
        query = f"?id={event.decision.id}" if view.name == "request" else ""
        text = await plane.text(view.page + query)
        assert "<script>alert" not in text, view.name
    listed = await plane.text("/requests")
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in listed


async def test_what_was_asked_for_is_shown_again_as_text(planes):
    plane = planes([finished()])
    text = await plane.text("/requests?model=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert "<script>alert" not in text
    assert "alert(1)" in text


async def test_an_unknown_decision_is_said_without_being_a_page_of_it(planes):
    response = await planes().ask("/request?id=%3Cb%3E")
    assert response.status == 404
    assert b"no decision" in response.body
    assert b"<b>&#39;" not in response.body
    assert b"&lt;b&gt;" in response.body


def test_trouble_has_the_navigation_and_the_message():
    html = pages.trouble(VIEWS[0], "it is <away>").decode()
    assert "it is &lt;away&gt;" in html
    for view in VIEWS:
        assert (f'href="{view.page}"' in html) is bool(view.title)


@pytest.mark.parametrize("path", ["/static/../pages.py", "/static/", "/static/base.html", "/x"])
def test_only_the_files_that_pages_need_are_given_out(path):
    assert pages.static(path) is None


async def test_embeddings_are_told_beside_the_chats(planes):
    plane = planes([finished(), *[finished("embeddings") for _ in range(3)]])
    text = await plane.text("/")
    assert "Embeddings: 3 requests, 0 failures, 300 tokens" in text
    assert '<p class="value">1</p><p class="note">100 % to the small model</p>' in text
    assert "Embeddings:" not in await planes([finished()]).text("/")
