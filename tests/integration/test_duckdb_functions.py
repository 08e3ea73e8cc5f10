"""`procgen.duckdb.register`: the kernel answers `ml.churn_v3` here, the macro everywhere else."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

import procgen.duckdb
from procgen.backends.duckdb import DUCKDB
from procgen.compiler import compile_model
from procgen.errors import CorruptFileError, DatabaseError, ProjectError
from procgen.ir.arrow_types import ARROW_TYPES
from procgen.migrations.create import add_create_migration
from procgen.migrations.project import load_project
from tests.kernel_models import SOME, compiled, differences, frozen, some_rows
from tests.projects import new_project

pytestmark = pytest.mark.duckdb


def model_file(folder, artifact, language=None):
    """A project's file of this version."""
    provenance = {} if language is None else {"language": language}
    project = new_project(folder)
    add_create_migration(project, artifact, provenance)
    return folder / "models" / f"{artifact.name}_v{artifact.version}.json"


def opened(path, artifact):
    """A database that holds the macros."""
    connection = duckdb.connect(path)
    connection.execute("CREATE SCHEMA ml")
    connection.execute(artifact.up)
    return connection


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("title", SOME)
def test_functions_score_as_the_interpreter_does(title, jit, tmp_path) -> None:
    _, artifact = compiled(title, "duckdb")
    rows = some_rows(artifact, 100, 100)
    fields = artifact.program.inputs
    table = pa.table(
        {f.name: pa.array([row[f.name] for row in rows], type=ARROW_TYPES[f.dtype]) for f in fields}
    )
    with opened(":memory:", artifact) as connection:
        names = procgen.duckdb.register(connection, model_file(tmp_path, artifact), jit=jit)
        connection.register("sample_rows", table)
        columns = ", ".join(DUCKDB.identifier(field.name) for field in fields)
        calls = ", ".join(f"{name}({columns})" for name in names)
        plan = connection.execute(f"EXPLAIN SELECT {calls} FROM sample_rows").fetchall()
        found = connection.execute(f"SELECT {calls} FROM sample_rows").fetchall()
    assert names[0] in str(plan)
    outputs = [output.name for output in artifact.lowered.outputs]
    got = {name: [frozen(row[place]) for row in found] for place, name in enumerate(outputs)}
    assert differences(artifact, rows, got) == []


@pytest.mark.parametrize("jit", [False, True])
def test_threads_score_the_same_model_at_once(jit, tmp_path) -> None:
    generator = np.random.default_rng(0)
    table = generator.normal(size=(300_000, 3))
    model = HistGradientBoostingRegressor(max_iter=30, early_stopping=False)
    model.fit(table[:2000], table[:2000].prod(axis=1))
    artifact = compile_model(model, name="sums", target="duckdb", inputs=["x", "y", "z"])
    columns = {"id": range(len(table))} | dict(zip("xyz", table.T, strict=True))
    with opened(":memory:", artifact) as connection:
        connection.execute("SET threads = 4")
        connection.register("source", pa.table(columns))
        connection.execute("CREATE TABLE points AS SELECT * FROM source")
        procgen.duckdb.register(connection, model_file(tmp_path, artifact), jit=jit)
        found = connection.execute(
            "SELECT id, ml.sums_v1(x, y, z) AS score FROM points ORDER BY id"
        )
        scores = found.fetchnumpy()["score"]
    assert scores.tobytes() == model.predict(table).tobytes()


def stump():
    return DecisionTreeClassifier(max_depth=1).fit([[0.0], [1.0]], ["no", "yes"])


@pytest.fixture
def flag():
    return compile_model(stump(), name="flag", target="duckdb", inputs=["x"])


def is_fast(connection, query) -> bool:
    return '"ml.flag_v1"' in str(connection.execute(f"EXPLAIN {query}").fetchall())


def test_facades_follow_and_the_file_keeps_its_macros(tmp_path, flag) -> None:
    path = str(tmp_path / "models.duckdb")
    with opened(path, flag) as connection:
        connection.execute("CREATE MACRO ml.flag(x) AS ml.flag_v1(x)")
        connection.execute("CREATE TABLE ml.numbers AS SELECT 0.2::DOUBLE AS x")
        procgen.duckdb.register(connection, model_file(tmp_path, flag), jit=False)
        facade = connection.execute("SELECT ml.flag(x) FROM ml.numbers").fetchall()
        literal = connection.execute("SELECT ml.flag_v1(0.7), ml.flag_v1(x := 0.2)").fetchall()
        fast = is_fast(connection, "SELECT ml.flag(x) FROM ml.numbers")
    assert (facade, literal, fast) == ([("no",)], [("yes", "no")], True)
    with duckdb.connect(path) as connection:
        assert connection.execute("SELECT ml.flag(0.7)").fetchall() == [("yes",)]
        assert not is_fast(connection, "SELECT ml.flag(x) FROM ml.numbers")


def test_a_table_that_would_be_lost_is_refused(tmp_path, flag) -> None:
    with opened(str(tmp_path / "models.duckdb"), flag) as connection:
        procgen.duckdb.register(connection, model_file(tmp_path, flag), jit=False)
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute("CREATE TABLE ml.kept AS SELECT 1 AS one")
        connection.execute("CREATE TABLE models.ml.kept AS SELECT 1 AS one")
        connection.execute("CREATE TABLE other AS SELECT 1 AS one")
        where = connection.execute(
            "SELECT DISTINCT database_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
    assert where == [("models",)]


def test_a_project_gives_the_versions_compiled_for_python(tmp_path, flag) -> None:
    model_file(tmp_path, flag, "python")
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    line = compile_model(model, name="line", target="duckdb", inputs=["x"])
    add_create_migration(load_project(tmp_path), line, {})
    with opened(":memory:", flag) as connection:
        connection.execute(line.up)
        want = connection.execute("SELECT ml.flag_v1(1.0), ml.line_v1(1)").fetchall()
        names = procgen.duckdb.register(connection, tmp_path, jit=False)
        assert set(names) == {"ml.flag_v1", "ml.flag_v1_proba", "ml.flag_v1_margin"}
        line_file = tmp_path / "models" / "line_v1.json"
        assert "ml.line_v1" in procgen.duckdb.register(connection, line_file, jit=False)
        both = connection.execute("SELECT ml.flag_v1(1.0), ml.line_v1(1)").fetchall()
        assert both == want
        with pytest.raises(DatabaseError, match=r"ml.line_v1\w* is registered .* already"):
            procgen.duckdb.register(connection, line_file, jit=False)


def test_what_cannot_be_registered_is_named(tmp_path, flag) -> None:
    file = model_file(tmp_path, flag)
    with duckdb.connect() as connection:
        with pytest.raises(ProjectError, match="compiled with --language python"):
            procgen.duckdb.register(connection, tmp_path)
        with pytest.raises(ProjectError, match="does not exist"):
            procgen.duckdb.register(connection, tmp_path / "models" / "flag_v2.json")
        file.write_text(json.dumps({"name": "flag"}))
        with pytest.raises(CorruptFileError, match="not a model file"):
            procgen.duckdb.register(connection, file)
