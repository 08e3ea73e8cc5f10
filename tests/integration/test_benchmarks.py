"""The benchmark suite runs, whole, on tiny models: it cannot rot."""

from __future__ import annotations

import json

import pytest
from sklearn.tree import DecisionTreeRegressor
from typer import Typer
from typer.testing import CliRunner

from benchmarks import __main__ as suite
from benchmarks import in_postgres, models

pytestmark = [pytest.mark.postgres, pytest.mark.duckdb, pytest.mark.slow]


@pytest.fixture
def command(monkeypatch):
    monkeypatch.setitem(
        models.MAKERS, "tree", ("Tree", lambda: DecisionTreeRegressor(max_depth=3, random_state=0))
    )
    monkeypatch.setattr(
        in_postgres, "NUMBA_SECONDS", 0.0
    )  # its compiler takes longer than the rest
    app = Typer()
    app.command()(suite.main)
    return lambda *words: CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)


def test_a_short_run_measures_and_finds_no_wrong_score_of_ours(command, tmp_path):
    run, page, text = tmp_path / "run.json", tmp_path / "run.html", tmp_path / "run.md"
    done = command(
        *(
            "--quick",
            "--models",
            "tree",
            "--rows",
            900,
            "--only",
            "compile,batch,rows",
            "--limit",
            60,
        ),
        *("--json", run, "--html", page, "--markdown", text),
    )
    assert done.exit_code == 0, done.output
    figures = json.loads(run.read_text())["figures"]
    ours = [one for one in figures if one["role"] == "procgen"]
    assert [one for one in ours if one["failed"]] == []
    engines = {"duckdb", "postgres 15", "postgres 18"}
    for section in ("batch", "rows"):
        assert {one["engine"] for one in ours if one["section"] == section} == engines
    assert all(one["wrong"] is not None for one in ours if one["section"] == "batch")
    (naive,) = (
        one
        for one in figures
        if (one["section"], one["engine"], one["way"]) == ("batch", "duckdb", "nested CASE")
    )
    assert naive["wrong"]["thresholds"] > 0  # the rows do tell right from wrong
    assert page.stat().st_size > 10_000
    assert "Tree" in text.read_text()


def test_an_unknown_section_is_refused(command):
    assert command("--only", "everything").exit_code == 2
