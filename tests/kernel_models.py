"""Models of every family that the kernel scores, by the name of their zoo and their own."""

from __future__ import annotations

import inspect
import json
import subprocess
from pathlib import Path

from procgen.artifacts.artifact import Artifact
from procgen.compiler import compile_model
from procgen.ir.interpreter import Row, interpret
from procgen.kernels.source import kernel_source
from procgen.verify import random_rows
from procgen.verify.compare import Judge
from procgen.verify.expected import answerable
from procgen.verify.probes import make_probes
from procgen.verify.report import Mismatch
from procgen.verify.tally import Tally, numbered
from tests.every_zoo import FAMILIES

ZOOS = {
    "sklearn": "scikit-learn",
    "lightgbm": "LightGBM",
    "xgboost": "XGBoost",
    "catboost": "CatBoost",
}
EVERY = [f"{zoo}: {name}" for zoo, family in ZOOS.items() for name in FAMILIES[family]]
STRIDES = {"sklearn": 17, "lightgbm": 13, "xgboost": 13, "catboost": 13}
SOME = [
    f"{zoo}: {name}" for zoo, step in STRIDES.items() for name in list(FAMILIES[ZOOS[zoo]])[::step]
]
"""Some of each, for what needs a server."""


def fitted(title: str) -> tuple[object, dict[str, object]]:
    """A model and what compiling it takes beside."""
    zoo, _, name = title.partition(": ")
    case = FAMILIES[ZOOS[zoo]][name]()
    return case.model, {"inputs": case.inputs, "types": case.types}


def compiled(title: str, target: str, language: str = "sql") -> tuple[object, Artifact]:
    """A model and its artifact."""
    model, given = fitted(title)
    return model, compile_model(model, name="zoo", target=target, language=language, **given)


def some_rows(artifact: Artifact, probes: int, random: int) -> list[Row]:
    """Rows at a model's decisions and anywhere."""
    made = make_probes(artifact.lowered, limit=probes).rows
    stride = max(1, len(made) // probes)
    rows = [*made[::stride], *random_rows(artifact.lowered, random)]
    return answerable(artifact.program, rows)


def differences(artifact: Artifact, rows, got) -> list[Mismatch]:
    """Where scores are not the interpreter's; what passes through exp() may be 4 ULP apart."""
    want = interpret(artifact.lowered, rows)
    tally = Tally(Judge(artifact.program), artifact.lowered)
    tally.add_lowered(numbered(rows), {name: got[name] for name in want}, want)
    return list(tally.mismatches.values())


def frozen(value: object) -> object:
    """A score as the interpreter has it: a tuple of items, or None for a list of NULLs."""
    if not isinstance(value, list):
        return value
    return None if all(item is None for item in value) else tuple(value)


def columns_of(artifact: Artifact, rows: list[Row]) -> list[list[object]]:
    """The rows as a list of cells for each input."""
    return [[row[field.name] for row in rows] for field in artifact.program.inputs]


def listed(value):
    """An output of the kernel as a Python list, None where it is NULL; of a list a list a row."""
    if isinstance(value, list):
        return [list(row) for row in zip(*(listed(item) for item in value), strict=True)]
    cells, null = value
    found = cells.tolist()
    if null is None:
        return found
    return [None if gone else cell for cell, gone in zip(found, null.tolist(), strict=True)]


SCORES = """
import sys
answers = []
for text, columns in json.load(open(sys.argv[1])):
    model = Model(text)
    plain = {name: listed(value) for name, value in model.score(columns).items()}
    assert model.compile(), "there is no Numba"
    answers.append([plain, {name: listed(value) for name, value in model.score(columns).items()}])
print(json.dumps(answers))
"""


def by_the_system(folder: Path, questions: list[list[object]]) -> list[tuple[dict, dict]]:
    """What the system's Python answers, as the server's does: by NumPy and by Numba.

    Args:
        folder: for files.
        questions: for each model its packed text and the columns of its inputs.
    """
    (folder / "questions.json").write_text(json.dumps(questions))
    script = folder / "scores.py"
    script.write_text(kernel_source() + inspect.getsource(listed) + SCORES)
    words = ["/usr/bin/python3", script, folder / "questions.json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
