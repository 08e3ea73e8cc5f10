"""A routine with one thing wrong is not applied, and the message names a row that shows it."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

from procgen.artifacts.artifact import ArtifactWriter
from procgen.backends import dialect_named
from procgen.databases.opening import engine_of, open_database
from procgen.databases.runner import apply
from procgen.errors import DatabaseError, ParityError
from procgen.ir import codec
from procgen.ir.expressions import Comparison
from procgen.ir.interpreter import interpret
from procgen.ir.trees import Ensemble, Leaf, Split
from procgen.ir.types import DType
from procgen.migrations.header import ModelVersion
from procgen.migrations.models import read_program
from procgen.passes import lower
from procgen.verify import case_gate
from procgen.verify.gate import read_cases
from tests.models_in_projects import with_model
from tests.projects import write_sums

VERSION = ModelVersion("churn", 1)
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 3)).round(3), columns=["age", "income", "visits"])
HOLES = X.mask(RNG.random(X.shape) < 0.2)
Y = X["age"] * 1.7 - X["income"] ** 2 + 0.1


def with_trees(program, change):
    """The Program with other trees, or another Ensemble."""
    return replace(
        program,
        bindings=tuple(
            replace(binding, value=change(binding.value))
            if isinstance(binding.value, Ensemble)
            else binding
            for binding in program.bindings
        ),
    )


def first_node(kind, change):
    """The change of one node of the first tree."""

    def changed(ensemble):
        first, *others = ensemble.trees
        place = next(i for i, node in enumerate(first.nodes) if isinstance(node, kind))
        nodes = list(first.nodes)
        nodes[place] = change(nodes[place])
        return replace(ensemble, trees=(replace(first, nodes=tuple(nodes)), *others))

    return changed


def moved(split):
    value = math.nextafter(split.test.value, math.inf)
    return replace(split, test=replace(split.test, value=value))


def less(split):
    assert split.test.op is Comparison.LE
    return replace(split, test=replace(split.test, op=Comparison.LT))


def flipped(split):
    return replace(split, default_left=not split.default_left)


def leaves_swapped(ensemble):
    first, *others = ensemble.trees
    one, two = [i for i, node in enumerate(first.nodes) if isinstance(node, Leaf)][:2]
    nodes = list(first.nodes)
    nodes[one], nodes[two] = nodes[two], nodes[one]
    return replace(ensemble, trees=(replace(first, nodes=tuple(nodes)), *others))


def as_trained(split):
    """The threshold as the library keeps it, for a float32: not the double that stands for it."""
    rounded = float(np.float32(split.test.value))
    assert rounded != split.test.value
    return replace(split, test=replace(split.test, value=rounded))


def histogram():
    return HistGradientBoostingRegressor(max_iter=4, max_depth=3, min_samples_leaf=5).fit(HOLES, Y)


DEFECTS = {
    "threshold off by one float": (histogram, first_node(Split, moved)),
    "less for at most": (histogram, first_node(Split, less)),
    "missing side flipped": (histogram, first_node(Split, flipped)),
    "two leaves swapped": (histogram, leaves_swapped),
    "order of the sum changed": (
        lambda: GradientBoostingRegressor(n_estimators=6, max_depth=2, random_state=0).fit(X, Y),
        lambda ensemble: replace(ensemble, trees=ensemble.trees[::-1]),
    ),
    "sum in float64 for float32": (
        lambda: XGBRegressor(n_estimators=6, max_depth=2).fit(HOLES, Y),
        lambda ensemble: replace(ensemble, accumulate=DType.FLOAT64),
    ),
    "threshold in float64 for float32": (
        lambda: DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, Y),
        first_node(Split, as_trained),
    ),
}


@pytest.fixture(scope="module")
def models():
    """Each model once: fitting takes longer than the rest."""
    return {name: make() for name, (make, _) in DEFECTS.items()}


def broken(tmp_path, engine, model, change, *, verified):
    """A project whose up script is written from a changed Program; the Program that it runs."""
    project = with_model(tmp_path / "project", engine, model, "churn")
    program = read_program(project, VERSION)
    dialect = dialect_named(engine)
    wrong = with_trees(lower(program, dialect.target), change)
    digest = codec.digest(program)
    writer = ArtifactWriter("churn", 1, "ml", dialect, program, wrong, digest, ("PUBLIC",))
    path = project.folder(engine) / "0002_churn_v1.up.sql"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    head = [line for line in lines if line.startswith("-- procgen:")]
    path.write_text("".join(head) + writer.write().up, encoding="utf-8")
    if not verified:
        path.with_name("0002_churn_v1.verify.sql").unlink()
    write_sums(project.folder(engine))
    return project, wrong


def refuse(project, url, kind):
    with open_database(url) as database:
        with pytest.raises(kind) as refused:
            apply(project, database, gate=case_gate(project))
        with database.rehearsal():
            assert database.objects(["ml"]) == {}
            assert database.layout() is None
    return str(refused.value)


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_cases_refuse_it_and_name_a_row(tmp_path, database_url, models, defect):
    _, change = DEFECTS[defect]
    engine = engine_of(database_url)
    project, wrong = broken(tmp_path, engine, models[defect], change, verified=False)
    message = refuse(project, database_url, ParityError)
    found = re.search(r"first row (\d+): (\w+) should be (\S+), the database gave (\S+),", message)
    cases = read_cases(project, VERSION, read_program(project, VERSION))
    row = cases.rows[int(found[1])]
    expected = {name: values[int(found[1])] for name, values in cases.answers.items()}
    answered = {name: values[0] for name, values in interpret(wrong, [row]).items()}
    assert found[3] == repr(expected[found[2]])
    assert found[4] == repr(answered[found[2]])
    assert found[3] != found[4]
    assert all(f"{name!r}: {value!r}" in message for name, value in row.items())


@pytest.mark.parametrize("defect", DEFECTS)
def test_with_its_verify_script_it_is_refused_too(tmp_path, duckdb_url, models, defect):
    _, change = DEFECTS[defect]
    project, _ = broken(tmp_path, "duckdb", models[defect], change, verified=True)
    message = refuse(project, duckdb_url, (ParityError, DatabaseError))
    assert re.search(r"row \d+: ", message)
