"""README's Python runs, and the SQL that it shows is what procgen writes."""

from __future__ import annotations

import re
from pathlib import Path

from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

import procgen

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_sql_shown_is_the_sql_written() -> None:
    frame = load_diabetes(as_frame=True, scaled=False).frame
    model = GradientBoostingRegressor(n_estimators=2, max_depth=2, random_state=0)
    model.fit(frame[["bmi", "bp"]], frame["target"])
    artifact = procgen.compile(model, name="progression", target="postgres")
    (shown,) = [block for block in blocks("sql") if "CREATE FUNCTION" in block]
    assert shown in artifact.up


def test_the_python_shown_runs(capsys) -> None:
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "0 mismatches" in printed
    assert "SELECT" in printed
