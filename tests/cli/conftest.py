"""A project folder and saved models for the commands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from procgen.cli import main


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project."""
    assert main(["init", str(tmp_path / "scoring")]) == 0
    return tmp_path / "scoring"


@pytest.fixture
def save(tmp_path: Path):
    """Saves a model; the path of the file."""

    def saved(model, name="model.skops"):
        # Not skops.io.dump: it leaves closing the file to the garbage collector.
        (tmp_path / name).write_bytes(skops.io.dumps(model))
        return str(tmp_path / name)

    return saved


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]):
    """Runs a command in the project: exit code, stdout, stderr."""

    def ran(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*map(str, words), "-C", str(project)])
        return code, *capsys.readouterr()

    return ran


def tree(*, seed: int = 0, names: tuple[str, ...] | None = ("age", "income")):
    """A small regression tree."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(40, len(names) if names else 2))
    model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(table, table.sum(axis=1))
    if names:
        model.feature_names_in_ = np.array(names, dtype=object)
    return model


def line(coefficients, names):
    """A linear model with these coefficients."""
    model = LinearRegression().fit(np.eye(len(coefficients)), np.arange(len(coefficients)) * 1.0)
    model.coef_ = np.array(coefficients, dtype=float)
    model.feature_names_in_ = np.array(names, dtype=object)
    return model


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of a folder and its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
