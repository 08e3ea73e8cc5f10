"""A run is shown whole: figures, failures, wrong scores and targets, in every form."""

from __future__ import annotations

import io

from rich.console import Console

from benchmarks import plots, results, showing
from benchmarks.models import MAKERS
from benchmarks.results import Results
from benchmarks.ways import Figure

LGB = MAKERS["lgb100"][0]


def figure(way, role, **given):
    usual = {"section": "batch", "model": LGB, "engine": "duckdb", "units": 1000, "rounds": 3}
    return Figure(**usual | {"way": way, "role": role} | given)


RIGHT = {"random": 0, "thresholds": 0, "missing": 0}
FIGURES = (
    figure("pandas round trip", "today", cpu=4e-6, wall=5e-6, memory=2**20),
    figure(
        "SQL", "procgen", against="pandas round trip", cpu=2e-6, ratio=2.0, wrong=RIGHT, units=500
    ),
    figure("nested <CASE>", "rival", cpu=8e-6, ratio=0.5, wrong=RIGHT | {"missing": 98}),
    figure("orbital", "rival", failed="MissingShapeCalculator: a | b"),
    figure("SQL", "procgen", section="rows", cpu=0.02, ratio=0.1, against="bare round trip"),
    figure("SQL", "procgen", section="planning", cpu=0.03, unit="statement"),
    figure("SQL", "procgen", section="compile", cpu=0.3, size=1_500_000, memory=30 * 2**20),
    figure("SQL", "procgen", section="scaling rows", cpu=2e-6, size=10_000, units=10_000),
    figure("SQL", "procgen", section="scaling rows", cpu=1e-6, size=100_000, units=50_000),
    figure("SQL", "procgen", section="scaling trees", cpu=1e-6, size=10),
    figure("SQL", "procgen", section="threads", cpu=1e-6, wall=2e-6, size=1),
    figure("SQL", "procgen", section="threads", cpu=1e-6, wall=1e-6, size=2),
)
RUN = Results(
    machine=results.machine(servers=["PostgreSQL 15"]),
    options={"models": ("lgb100",), "rows": 1000, "limit": 10.0},
    seconds=12.0,
    figures=FIGURES,
)


def cells(name):
    (sheet,) = (one for one in showing.sheets(RUN) if one.name == name)
    return [[cell.text for cell in row] for row in sheet.rows]


def test_json_gives_the_same_run_back(tmp_path):
    results.write(RUN, tmp_path / "run.json")
    assert results.read(tmp_path / "run.json").figures == FIGURES


def test_a_batch_is_a_row_a_model_with_ratios_and_fewer_rows_named():
    assert cells("batch-duckdb") == [
        [LGB, "4.00", "2.00 (2.00), 500 rows", "8.00 (0.50)", "failed"],
    ]


def test_wrong_scores_are_shown_for_everybody():
    assert cells("exactness") == [
        ["SQL, duckdb", "0 / 0 / 0"],
        ["nested <CASE>, duckdb", "0 / 0 / 98"],
    ]
    assert (RUN.wrong_of_ours, RUN.asked_of_ours) == (0, 1)


def test_what_failed_is_listed_with_its_reason():
    assert cells("failures") == [["orbital", LGB, "batch in duckdb", FIGURES[3].failed]]


def test_single_rows_are_times_the_bare_round_trip():
    assert cells("rows-duckdb") == [[LGB, "20,000.00 (10.0x)"]]


def test_two_threads_are_compared_with_one():
    assert cells("threads") == [[LGB, "SQL, duckdb", "2.00", "1.00", "2.00"]]


def test_growth_has_a_column_a_size():
    assert cells("scaling-rows") == [[f"{LGB}, duckdb, SQL", "2.00", "1.00, 50,000 rows"]]


def test_every_target_is_shown_with_its_verdict():
    found = cells("targets")
    assert ["at least 1.50 x as fast", "2.00 x as fast", "reached"] in [row[2:] for row in found]
    assert {row[-1] for row in found} == {"reached", "missed", "not measured"}


def test_the_terminal_shows_every_table():
    text = io.StringIO()
    showing.show(RUN, Console(file=text, width=160))
    for sheet in showing.sheets(RUN):
        assert sheet.title in text.getvalue()


def test_the_page_stands_alone_and_escapes_what_it_shows():
    page = showing.as_html(RUN)
    assert "nested &lt;CASE&gt;" in page
    assert "nested <CASE>" not in page
    assert "http" not in page.replace("http://www.w3.org/", "")  # the names of SVG's elements
    assert "<script" not in page
    assert page.count("<svg") == 5


def test_markdown_holds_the_tables_and_escapes_bars():
    text = showing.as_markdown(RUN)
    assert f"| {LGB} | 4.00 | 2.00 (2.00), 500 rows | 8.00 (0.50) | failed |" in text
    assert r"a \| b" in text


def test_drawings_are_files(tmp_path):
    paths = plots.write_png(RUN, tmp_path)
    assert len(paths) == 5
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
