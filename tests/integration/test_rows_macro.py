"""The table macro of a version on DuckDB: what it takes, what it gives, and what it refuses."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from procgen.backends.duckdb_lowerings import Use, lowerings
from procgen.backends.lowering import Lowering
from procgen.compiler import compile_model
from tests.forced import forced

pytestmark = pytest.mark.duckdb
TABLE = np.random.default_rng(0).normal(size=(300, 2))
MODEL = DecisionTreeClassifier(max_depth=5, random_state=0).fit(TABLE, TABLE.sum(axis=1) > 0)


@pytest.fixture(params=[Lowering.EXPRESSION, Lowering.NODES, Lowering.PASSES])
def connection(request):
    """A database with the routines by each lowering, and a table whose columns are in no order."""
    opened = duckdb.connect()
    opened.execute("CREATE SCHEMA ml")
    with forced(request.param):
        opened.execute(compiled(["age", "source"]).up)
    opened.execute("CREATE TABLE customers (note TEXT, source FLOAT, id INT, AGE DOUBLE)")
    opened.execute(
        "INSERT INTO customers VALUES ('a', 0.5, 1, -1), (NULL, -0.25, 2, 'nan'), ('b', NULL, 3, 1)"
    )
    yield opened
    opened.close()


def compiled(inputs):
    return compile_model(MODEL, name="churn", target="duckdb", inputs=inputs)


def test_a_relation_keeps_its_columns_and_gets_the_scores(connection):
    found = connection.execute("FROM ml.churn_v1_rows('customers') ORDER BY id")
    names, rows = [column[0] for column in found.description], found.fetchall()
    assert names == ["note", "source", "id", "AGE", "prediction", "proba", "margin"]
    kept = connection.execute("FROM customers ORDER BY id").fetchall()
    # What the scalar macros answer is compared with Python everywhere else.
    calls = ", ".join(f"ml.churn_v1{suffix}(age, source)" for suffix in ("", "_proba", "_margin"))
    scores = connection.execute(f"SELECT {calls} FROM customers ORDER BY id").fetchall()
    assert [repr(row[4:]) for row in rows] == [repr(row) for row in scores]
    assert [repr(row[:4]) for row in rows] == [repr(row) for row in kept]


@pytest.mark.parametrize(
    "query",
    [
        "FROM ml.churn_v1_rows('seen')",
        "FROM ml.churn_v1_rows('main.customers')",
        "WITH few AS (FROM customers) FROM ml.churn_v1_rows('few')",
        "FROM (SELECT id, margin FROM ml.churn_v1_rows('customers') WHERE prediction IS NOT NULL)",
    ],
)
def test_a_view_and_the_name_of_a_query_are_relations_too(connection, query):
    connection.execute("CREATE VIEW seen AS SELECT id, source, age FROM customers")
    assert connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("1 AS Prediction, 0.5 AS age, 0.5 AS source", "Duplicate struct entry name"),
        ("0.5 AS age", "source"),
        ("'0.5' AS age, 0.5 AS source", "does not support the supplied arguments"),
    ],
)
def test_a_relation_that_does_not_fit_is_refused(connection, columns, said):
    connection.execute(f"CREATE VIEW other AS SELECT {columns}")
    with pytest.raises(duckdb.Error, match=said):
        connection.execute("FROM ml.churn_v1_rows('other')")


def test_scores_give_way_to_an_input_of_their_name():
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA ml")
        connection.execute(compiled(["Prediction", "margin"]).up)
        connection.execute("CREATE TABLE rows AS SELECT 0.5 AS prediction, 1.5 AS margin")
        found = connection.execute("FROM ml.churn_v1_rows('rows')")
        names = [column[0] for column in found.description]
    assert names == ["prediction", "margin", "model_prediction", "proba", "model_margin"]


def test_a_tree_has_each_lowering():
    found = lowerings(compiled(["a", "b"]).lowered, Use.ROWS)
    assert list(found) == [Lowering.EXPRESSION, Lowering.NODES, Lowering.PASSES]
