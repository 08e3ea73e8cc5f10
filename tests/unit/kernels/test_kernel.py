"""The kernel, as it travels, scores as Python does: by columns, by rows, with and without Numba."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from procgen.ir.program import OutputName
from procgen.kernels.packing import pack
from procgen.kernels.source import kernel_source
from tests.kernel_models import (
    EVERY,
    SOME,
    by_the_system,
    columns_of,
    compiled,
    differences,
    frozen,
    listed,
    some_rows,
)


@pytest.fixture(scope="module")
def kernel() -> dict:
    """The names of the kernel's text, run on its own."""
    names: dict = {}
    exec(kernel_source(), names)
    return names


def model_of(kernel, artifact):
    return kernel["Model"](pack(artifact.lowered, artifact.digest, {}))


def by_columns(model, artifact, rows):
    scores = model.score(columns_of(artifact, rows))
    return {
        OutputName(name): [frozen(cell) for cell in listed(value)] for name, value in scores.items()
    }


def by_rows(model, artifact, rows):
    return {
        output.name: [frozen(model.row(list(row.values()), output.name.value)) for row in rows]
        for output in artifact.program.outputs
    }


@pytest.mark.parametrize("title", EVERY[::3])
def test_columns_and_rows_score_as_the_interpreter_does(title, kernel) -> None:
    _, artifact = compiled(title, "duckdb")
    rows = some_rows(artifact, 100, 40)
    model = model_of(kernel, artifact)
    columns = by_columns(model, artifact, rows)
    assert differences(artifact, rows, columns) == []
    some = {name: cells[::7] for name, cells in columns.items()}
    assert repr(by_rows(model, artifact, rows[::7])) == repr(some)


@pytest.mark.parametrize("title", EVERY[1::3])
def test_compiled_columns_equal_those_of_numpy(title, kernel) -> None:
    _, artifact = compiled(title, "duckdb")
    rows = some_rows(artifact, 100, 40)
    model = model_of(kernel, artifact)
    plain = by_columns(model, artifact, rows)
    assert model.compile()
    assert repr(by_columns(model, artifact, rows)) == repr(plain)


def test_the_kernel_runs_on_the_python_of_the_system(tmp_path: Path) -> None:
    """PL/Python is the system's, with an older NumPy and an older Numba."""
    artifacts = [compiled(title, "postgres")[1] for title in SOME]
    rows = [some_rows(artifact, 60, 30) for artifact in artifacts]
    questions = [
        [pack(artifact.lowered, artifact.digest, {}), columns_of(artifact, own)]
        for artifact, own in zip(artifacts, rows, strict=True)
    ]
    answers = by_the_system(tmp_path, questions)
    for artifact, own, (plain, fast) in zip(artifacts, rows, answers, strict=True):
        assert json.dumps(plain) == json.dumps(fast)
        got = {OutputName(name): [frozen(cell) for cell in cells] for name, cells in plain.items()}
        assert differences(artifact, own, got) == []


def test_the_text_imports_the_builtins_it_uses() -> None:
    """PL/Python would look them up among globals that change at every call."""
    line = next(one for one in kernel_source().split("\n") if one.startswith("from builtins"))
    names = set(line.removeprefix("from builtins import ").split(", "))
    assert {"len", "max", "min", "range", "sorted", "str", "list", "ValueError"} <= names
