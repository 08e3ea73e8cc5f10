"""A routine that is wrong in one place is found: the comparison can fail, and says where."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of, open_database
from procgen.errors import DatabaseError, InputsError
from procgen.ir.program import OutputName
from procgen.verify import verify

X = pd.DataFrame({"age": [1.0, 2.5, 4.0, 7.5, 9.0, 12.0], "income": [5.0, 3.0, 8.0, 1.0, 0.5, 2.0]})
SPLIT = 8.250000476837158
"""The double that stands for the tree's `float32(age) <= 8.25`."""
Y = np.array([1.5, 2.25, -4.0, 8.0, 16.5, 0.125])


def tree():
    return DecisionTreeRegressor(random_state=0).fit(X, Y)


def line():
    return LinearRegression().fit(X, X["age"] * 0.1 - X["income"] * 3.7 + 0.3)


def literal(engine, value):
    return f"{value!r}e0" if engine == "duckdb" else f"'{value!r}'::float8"


def swap(text, first, second):
    return re.sub(
        "|".join(map(re.escape, (first, second))),
        lambda found: second if found[0] == first else first,
        text,
    )


def a_threshold_one_double_off(engine, up):
    return up.replace(literal(engine, SPLIT), literal(engine, math.nextafter(SPLIT, 9)))


def two_leaves_swapped(engine, up):
    return swap(up, literal(engine, 2.25), literal(engine, 16.5))


def less_for_at_most(_, up):
    return up.replace("<=", "<")


def a_leaf_one_bit_off(engine, up):
    return up.replace(literal(engine, 0.125), literal(engine, math.nextafter(0.125, 1)))


def no_admission(_, up):
    return re.sub(r"CASE WHEN\n(?:    .*\n)+THEN", "CASE WHEN true\nTHEN", up)


DEFECTS = [
    a_threshold_one_double_off,
    two_leaves_swapped,
    less_for_at_most,
    a_leaf_one_bit_off,
    no_admission,
]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_a_broken_routine_is_reported(defect, shared_database_url):
    engine = engine_of(shared_database_url)
    model = tree()
    good = compile_model(model, name="broken", target=engine)
    assert verify(good, model, url=shared_database_url).ok
    bad = replace(good, up=defect(engine, good.up))
    assert bad.up != good.up
    report = verify(bad, model, url=shared_database_url)
    assert not report.ok
    assert {wrong.source for wrong in report.mismatches} == {"database"}
    wrong = report.mismatches[0]
    assert str(wrong.row) in report.describe()
    assert json.loads(report.to_json())["mismatches"][0]["row"] == wrong.row


def test_one_float_off_is_found_on_the_row_between(shared_database_url):
    engine = engine_of(shared_database_url)
    model = tree()
    good = compile_model(model, name="broken", target=engine)
    bad = replace(good, up=a_threshold_one_double_off(engine, good.up))
    report = verify(bad, model, url=shared_database_url)
    assert {wrong.inputs["age"] for wrong in report.mismatches} == {math.nextafter(SPLIT, 9)}


def test_a_coefficient_one_bit_off_is_outside_the_bound_or_of_other_bits(shared_database_url):
    engine = engine_of(shared_database_url)
    model = line()
    good = compile_model(model, name="broken", target=engine)
    weight = float(model.coef_[1])
    near = math.nextafter(weight, 0)
    assert literal(engine, weight) in good.up
    bad = replace(good, up=good.up.replace(literal(engine, weight), literal(engine, near)))
    assert verify(good, model, url=shared_database_url).ok
    # The bound would allow it; the interpreter's bits do not.
    assert not verify(bad, model, url=shared_database_url).ok


def test_another_model_is_not_a_match(shared_database_url):
    engine = engine_of(shared_database_url)
    other = DecisionTreeRegressor(max_depth=1, random_state=0).fit(X, Y)
    report = verify(
        compile_model(tree(), name="broken", target=engine), other, url=shared_database_url
    )
    assert {wrong.source for wrong in report.mismatches} == {"interpreter", "database"}


def test_swapped_labels_are_reported(shared_database_url):
    engine = engine_of(shared_database_url)
    model = DecisionTreeClassifier(random_state=0).fit(X, ["no", "yes", "no", "no", "yes", "yes"])
    good = compile_model(model, name="broken", target=engine)
    bad = replace(good, up=swap(good.up, "'no'", "'yes'"))
    report = verify(bad, model, url=shared_database_url)
    assert {wrong.output for wrong in report.mismatches} == {OutputName.PREDICT}


def test_nothing_is_left_behind(database_url):
    engine = engine_of(database_url)
    assert verify(compile_model(tree(), name="gone", target=engine), tree(), url=database_url).ok
    with open_database(database_url) as database, database.rehearsal():
        assert database.objects(("ml",)) == {}


def test_the_routines_that_are_there_are_the_ones_asked(database_url):
    engine = engine_of(database_url)
    good = compile_model(tree(), name="there", target=engine)
    with open_database(database_url) as database, database.transaction():
        database.run_script("CREATE SCHEMA ml;", source="test")
        bad = two_leaves_swapped(engine, good.up)
        database.run_script(bad, source="test")
    assert not verify(good, tree(), url=database_url).ok


def test_rows_of_the_user_come_first(duckdb_url):
    artifact = compile_model(tree(), name="mine", target="duckdb")
    rows = [{"age": 3, "income": math.inf, "unused": 1}]
    report = verify(artifact, tree(), url=duckdb_url, rows=rows, random=0)
    assert report.ok
    bad = replace(artifact, up=no_admission("duckdb", artifact.up))
    first = verify(bad, tree(), url=duckdb_url, rows=rows, random=0).mismatches[0]
    assert (first.row, first.inputs, first.expected) == (0, {"age": 3.0, "income": math.inf}, None)


def test_a_row_without_a_column_is_refused():
    artifact = compile_model(tree(), name="mine", target="duckdb")
    with pytest.raises(InputsError, match="row 0 has no 'income'"):
        verify(artifact, tree(), rows=[{"age": 1.0}])


def test_postgres_needs_a_url():
    with pytest.raises(DatabaseError, match="give its url"):
        verify(compile_model(tree(), name="mine", target="postgres"), tree())


def test_another_engine_is_refused(duckdb_url):
    artifact = compile_model(tree(), name="mine", target="postgres")
    with pytest.raises(DatabaseError, match=r"compiled for postgres, and this is DuckDB 2"):
        verify(artifact, tree(), url=duckdb_url)


@pytest.mark.postgres
def test_rows_beyond_the_arithmetic_of_postgres_are_counted(postgres15_url):
    model = LogisticRegression().fit(X, [0, 1, 0, 1, 1, 0])
    artifact = compile_model(model, name="large", target="postgres")
    rows = [{"age": 1.7e308, "income": -1.7e308}, {"age": 1.7e308, "income": 1.0}]
    report = verify(artifact, model, url=postgres15_url, rows=rows)
    assert report.ok
    assert report.out_of_range >= 2
    duckdb = verify(compile_model(model, name="large", target="duckdb"), model, rows=rows)
    assert duckdb.ok
    assert duckdb.out_of_range == 0
