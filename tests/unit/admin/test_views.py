"""The table of views and actions: no two share an address, and each has what a page needs."""

from pathlib import Path

from gearshift.admin import pages
from gearshift.admin.charts import CHARTS
from gearshift.admin.views import ACTIONS, SPANS, VIEWS

TEMPLATES = Path(pages.__file__).parent / "templates"


def test_no_two_share_an_address():
    for addresses in (
        [view.path for view in VIEWS],
        [view.page for view in VIEWS if view.page],
        [action.path for action in ACTIONS],
    ):
        assert len(set(addresses)) == len(addresses)


def test_every_page_has_its_template_and_a_navigated_one_its_page():
    for view in VIEWS:
        assert (TEMPLATES / f"{view.name}.html").exists() is bool(view.page)
        assert view.page or not view.title
        assert view.path == f"/admin/api/{view.name}"
        assert view.summary


def test_charts_belong_to_views():
    assert set(CHARTS) <= {view.name for view in VIEWS}


def test_what_a_page_may_be_asked_about_begins_with_an_hour():
    assert SPANS[0] == "1h"
    assert "24h" in SPANS
