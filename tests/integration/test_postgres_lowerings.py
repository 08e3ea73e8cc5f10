"""Every way to score trees in PostgreSQL without Python: as exact as any, and chosen by the use."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from procgen.backends import postgres_lowerings, routines
from procgen.backends.lowering import Lowering
from procgen.compiler import compile_model
from procgen.databases.opening import open_database
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.verify.bits import same_bits
from procgen.verify.scoring import install, routine_writer, score
from tests.kernel_models import EVERY, compiled, differences, some_rows

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def database(postgres15_server):
    with postgres15_server.database() as url, open_database(url) as opened:
        yield opened


@pytest.fixture
def adaptive(monkeypatch):
    """A loop for a row and an expression for many, however small the model is.

    Each is asked by its own name, and every statement is old enough for the second.
    """
    usual = postgres_lowerings.usual

    def chosen(work, among, dialect):
        return Lowering.ADAPTIVE if Lowering.ADAPTIVE in among else usual(work, among, dialect)

    monkeypatch.setattr(postgres_lowerings, "usual", chosen)
    monkeypatch.setattr(routines, "patience", lambda _: 0.0)


@pytest.mark.parametrize("title", EVERY)
@pytest.mark.usefixtures("adaptive")
def test_both_halves_score_every_zoo_as_python_does(title, database) -> None:
    _, artifact = compiled(title, "postgres")
    rows = some_rows(artifact, 60, 20)
    with database.rehearsal():
        writer = routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1")
        install(database, artifact, writer)
        got = score(database, writer, rows)
        if artifact.lowering.startswith("node loop"):
            database.run_script(artifact.verify, source="verify")
        database.run_script(artifact.down, source="down")
    assert differences(artifact, rows, got) == []


RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal(size=(400, 6))
TARGET = TABLE @ [3.0, 1.0, 0.5, 1e-3, 1e-9, 2e-300] + RANDOM.normal(size=400)
COLUMNS = [f"x{number}" for number in range(6)]
EXTREMES = [None, math.nan, math.inf, -math.inf, sys.float_info.max, -sys.float_info.max]
EXTREMES += [5e-324, -5e-324, 0.0, -0.0, 1e300, 1e-300, 3.4028235677973366e38, 3.5e38, -1e39]


def extreme_rows(lowered):
    """Rows of ordinary numbers in which one or two columns hold what is not."""
    bounds = {bound for r in lowered.requirements for bound in (r.test.low, r.test.high)}
    near = [math.nextafter(bound, end) for bound in bounds for end in (-math.inf, math.inf)]
    values = [*EXTREMES, *sorted(bounds), *near]
    rows = [dict.fromkeys(COLUMNS, 0.25) | {name: value} for name in COLUMNS for value in values]
    pairs = [(a, b) for a in EXTREMES for b in EXTREMES]
    return rows + [dict.fromkeys(COLUMNS, a) | {"x1": b, "x4": 0.5} for a, b in pairs]


def linear(*weights):
    model = LinearRegression().fit(TABLE, TARGET)
    model.coef_ = np.array(weights)
    return model


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (linear(3.0, 1.0, 0.5, 1e-3, 1e-9, 2e-300), 'OR "x0" BETWEEN'),
        (linear(3.0, 1e-3, -1e-2, 1e-3, 1e-9, 2e-300), "nullif"),
        (DecisionTreeRegressor(max_depth=4, random_state=0).fit(TABLE, TARGET), "IS NOT TRUE"),
    ],
)
def test_columns_that_are_asked_together_are_admitted_as_one_by_one(model, text, database) -> None:
    artifact = compile_model(model, name="zoo", target="postgres", inputs=COLUMNS)
    assert text in artifact.up
    assert "least(" in artifact.up or text == "nullif"
    rows = extreme_rows(artifact.lowered)
    with database.rehearsal():
        writer = routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1")
        install(database, artifact, writer)
        got = score(database, writer, rows)
    want = interpret(artifact.lowered, rows)
    for name, values in want.items():
        for row, ours, theirs in zip(rows, got[name], values, strict=True):
            assert same_bits(ours, theirs), (name, row, ours, theirs)


def large_artifact():
    model = GradientBoostingRegressor(n_estimators=60, max_depth=4, random_state=0)
    model.fit(TABLE, TARGET)
    return compile_model(model, name="zoo", target="postgres", inputs=COLUMNS)


def test_a_large_model_is_called_and_not_inlined(database) -> None:
    artifact = large_artifact()
    assert artifact.lowering == "node loop, then one expression"
    with database.rehearsal():
        install(database, artifact, routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1"))
        arguments = ", ".join(f"{number}.5 + i" for number in range(6))
        query = f"EXPLAIN (VERBOSE) SELECT ml.zoo_v1({arguments}) FROM generate_series(1, 3) AS i"
        plan = " ".join(line for (line,) in database.fetch(query))
    assert "CASE" not in plan


def test_a_young_statement_loops_and_an_older_one_does_not(database) -> None:
    artifact = large_artifact()
    name = next(o for o in artifact.objects if "_one(" in o).removeprefix("function ")
    with database.rehearsal():
        install(database, artifact, routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1"))
        for half, answer in (("_one", 1.0), ("_many", 2.0)):
            stem = name.partition("_one(")[0]
            database.run_script(
                f"CREATE OR REPLACE FUNCTION {stem}{half}({listed()}) RETURNS float8 "
                f"LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {answer};",
                source="a half",
            )
        call = f"SELECT ml.zoo_v1({', '.join('x' for _ in COLUMNS)})"
        young = database.fetch(f"{call} FROM (SELECT 0.5::float8 AS x OFFSET 0) AS row")
        waited = "SELECT CASE WHEN pg_sleep(0.1) IS NOT NULL THEN 0.5::float8 END AS x OFFSET 0"
        old = database.fetch(f"{call} FROM ({waited}) AS row")
    assert (young, old) == ([(1.0,)], [(2.0,)])


def listed():
    return ", ".join(f'"{name}" float8' for name in COLUMNS)


def test_every_object_of_a_large_model_goes_with_it(database) -> None:
    artifact = large_artifact()
    with database.rehearsal():
        install(database, artifact, routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1"))
        stored = set(database.objects(("ml",)))
        database.run_script(artifact.down, source="down")
        left = set(database.objects(("ml",)))
    assert {one.replace('"', "") for one in artifact.objects} == stored
    assert left == set()


def test_a_half_that_answers_otherwise_is_heard(database) -> None:
    artifact = large_artifact()
    rows = some_rows(artifact, 20, 10)
    stem = next(o for o in artifact.objects if "_many(" in o).removeprefix("function ")
    with database.rehearsal():
        writer = routine_writer(artifact.lowered, "postgres", "ml", "zoo_v1")
        install(database, artifact, writer)
        database.run_script(
            f"CREATE OR REPLACE FUNCTION {stem.partition('(')[0]}({listed()}) RETURNS float8 "
            "LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 7.0;",
            source="a half",
        )
        got = score(database, writer, rows)
    assert differences(artifact, rows, got)
    assert set(got[OutputName.MARGIN]) == {7.0}
