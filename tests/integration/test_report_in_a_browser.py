"""The HTML report as a real browser shows and prints it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import sync_playwright
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from procgen.backends import dialect_named
from procgen.databases.opening import open_database
from procgen.ir.program import OutputName
from procgen.migrations.header import ModelVersion
from procgen.passes import lower
from procgen.verify.cases import Cases
from procgen.verify.compare import Judge
from procgen.verify.coverage import measure
from procgen.verify.html import as_html
from procgen.verify.mutation import MutationReport, Survivor
from procgen.verify.parity import report_of
from procgen.verify.tally import Tally, numbered
from procgen.verify.testing import Suite, ask_database, explain
from tests.browsers import BROWSER
from tests.models_in_projects import apply_unasked, with_model

LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 800}
PAPER = {"width": 695, "height": 1000}
"""A4 within its margins, in CSS pixels."""
SECTIONS = ["parity", "coverage", "provenance", "scores", "inputs"]
EVIL = "<script>document.title='owned'</script>"
CLASSES = ["</style><b>no</b>", "'\"><img src=x onerror=alert(1)>"]
VERSION = ModelVersion("churn", 1)


def hostile_model():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(90, 2)).round(2), columns=[EVIL, 'a"b & c'])
    frame["plan"] = rng.choice(["{{ 7 * 7 }}", "&amp;", "<i>x</i>"], 90)
    encoder = make_column_transformer((OneHotEncoder(), ["plan"]), remainder="passthrough")
    model = make_pipeline(encoder, GradientBoostingClassifier(n_estimators=6, max_depth=3))
    return model.fit(frame, np.array(CLASSES)[(frame.iloc[:, 0] > 0.1).astype(int)])


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """A version of hostile names, applied in a DuckDB file; its report."""
    folder = tmp_path_factory.mktemp("report")
    url = f"duckdb:///{folder / 'report.duckdb'}"
    project = with_model(folder / "project", "duckdb", hostile_model(), "churn")
    apply_unasked(project, url)
    found = Suite.of(project, VERSION)
    with open_database(url) as database:
        result = ask_database(found, database)
    return found.report([result], found.coverage(), 1.0)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as driver:
        # Chromium refuses its sandbox to root, which is who runs the tests in a container.
        found = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield found
        found.close()


class Opened:
    """A page, and all that it said or asked for."""

    def __init__(self, browser, path, size):
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = browser.new_page(viewport=size)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    @property
    def width(self):
        return self.page.evaluate("document.documentElement.scrollWidth")


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a report in a window of some size."""
    pages = []

    def show(report, size=LAPTOP):
        path = tmp_path / "report.html"
        path.write_text(as_html(report), encoding="utf-8")
        pages.append(Opened(browser, path, size))
        return pages[-1]

    yield show
    for one in pages:
        one.page.close()


def test_it_says_nothing_and_asks_for_nothing_but_itself(opened, suite):
    found = opened(suite)
    assert found.said == []
    assert [url.rpartition("/")[2] for url in found.asked] == ["report.html"]
    assert found.page.title() == "churn v1: equal to Python"


def test_it_is_one_file_without_a_script(opened, suite):
    page = opened(suite).page
    assert page.locator("script, iframe, img, object, link[rel=stylesheet]").count() == 0


def test_every_part_is_seen(opened, suite):
    page = opened(suite).page
    assert page.locator("#verdict").inner_text().endswith("equal to Python")
    for name in SECTIONS:
        box = page.locator(f"#{name}").bounding_box()
        assert box["width"] > 300
        assert box["height"] > 100
    for drawing in page.locator("svg").all():
        assert drawing.is_visible()
        assert drawing.locator("rect").first.bounding_box()["height"] > 0
    assert page.locator("pre.sql.screen").is_visible()
    assert "CREATE MACRO" in page.locator("pre.sql.screen").inner_text()


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_it_is_not_wider_than_the_window(opened, suite, size):
    assert opened(suite, size).width <= size["width"]


def test_texts_stay_inside_their_boxes(opened, suite):
    page = opened(suite).page
    for element in page.locator(".tile, .badge, td, figcaption").all():
        assert element.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), element.inner_text()


def test_hostile_names_are_text(opened, suite):
    page = opened(suite).page
    assert page.title() == "churn v1: equal to Python"
    assert page.locator("#inputs td.mono").all_inner_texts() == [EVIL, 'a"b & c', "plan"]
    facts = page.locator("#provenance").inner_text()
    assert ", ".join(sorted(CLASSES)) in facts
    assert "{{ 7 * 7 }}" in page.locator("pre.sql.screen").inner_text()


def test_it_prints_on_a4(opened, suite):
    found = opened(suite)
    pdf = found.page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)", pdf)
    assert 2 <= len(boxes) <= 6
    assert set(boxes) == {(b"594", b"841")} or set(boxes) == {(b"595", b"842")}


def test_on_paper_nothing_is_cut_off(opened, suite):
    found = opened(suite, PAPER)
    found.page.emulate_media(media="print")
    assert found.width <= PAPER["width"]
    assert not found.page.locator("pre.sql.screen").is_visible()


def test_a_leaf_that_no_case_reaches_stands_out(opened, suite):
    few = with_two_cases(suite)
    found = opened(few)
    page = found.page
    assert found.said == []
    assert page.locator("#verdict").inner_text().endswith("not covered enough")
    missed = page.locator("pre.screen .missed")
    assert 0 < missed.count() <= len(few.coverage.missed)  # leaves of one value are one text
    assert missed.first.get_attribute("title") == "no case comes here"
    assert missed.first.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(180, 35, 24)"
    page.emulate_media(media="print")
    assert page.locator("pre.paper .missed").first.is_visible()


def with_two_cases(suite):
    """The same report of the first two rows."""

    def two(columns):
        return {name: values[:2] for name, values in columns.items()}

    (engine,) = suite.engines
    rows = suite.cases.rows[:2]
    return replace(
        suite,
        cases=Cases(rows, two(suite.cases.answers)),
        coverage=measure(suite.program, rows),
        engines=(replace(engine, paths=tuple(replace(p, got=two(p.got)) for p in engine.paths)),),
    )


def test_a_change_that_no_case_notices_stands_out(opened, suite):
    where = "trees tree 0 node 0, the input age"
    mutation = MutationReport(9, 8, (Survivor("threshold", where, None),), {"threshold": 9})
    (engine,) = suite.engines
    page = opened(replace(suite, engines=(replace(engine, mutation=mutation),))).page
    assert page.locator("#verdict").inner_text().endswith("cases miss changes")
    living = page.locator("pre.screen .living")
    assert living.count() == 1
    assert living.get_attribute("title") == "no case notices another threshold"
    assert where in page.locator(".mutation").inner_text()


def test_wrong_scores_are_rows(opened, suite):
    """Answers of another model, as if the database were wrong."""
    found = replace(suite, engines=(wrong(suite),))
    page = opened(found).page
    assert page.locator("#verdict").inner_text().endswith("differs from Python")
    rows = page.locator("#mismatches tbody tr")
    assert rows.count() >= 1
    assert "cannot be told" in rows.first.inner_text()
    assert rows.first.bounding_box()["height"] > 10


def wrong(suite):
    (engine,) = suite.engines
    path = engine.paths[0]
    margins = list(path.got[OutputName.MARGIN])
    place = next(i for i, value in enumerate(margins) if value is not None)
    margins[place] = np.nextafter(margins[place], np.inf).item()
    got = {**path.got, OutputName.MARGIN: margins}
    lowered = lower(suite.program, dialect_named("duckdb").target)
    tally = Tally(Judge(suite.program), lowered)
    tally.add_database(numbered(suite.cases.rows), got, suite.cases.answers)
    parity = report_of(tally, engine.engine, len(suite.cases.rows), interpreted=0, left_out=0)
    findings = explain(lowered, parity.mismatches, got)
    return replace(engine, paths=(replace(path, parity=parity, got=got, findings=findings),))
