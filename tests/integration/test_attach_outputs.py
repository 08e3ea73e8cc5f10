"""What is kept of a score: lists of probabilities, labels, and models that take a row."""

from __future__ import annotations

import subprocess

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from tests.integration.attached import attach, customers, insert


def compiled(team, model, name, language="sql"):
    path = team.root / f"{name}.skops"
    path.write_bytes(skops.io.dumps(model))
    if language == "plpython":
        team.execute("CREATE EXTENSION plpython3u;")
    team.write("compile", path, "--name", name, "--language", language)
    team.write("promote", name, "v1")


@pytest.fixture
def any_team(request):
    return request.getfixturevalue(f"{request.param}_team")


@pytest.mark.parametrize(
    ("any_team", "language"),
    [("duckdb", "sql"), ("postgres15", "sql"), ("postgres15", "plpython")],
    indirect=["any_team"],
)
def test_labels_and_lists_arrive_as_python_has_them(any_team, language):
    rows = np.random.default_rng(0).normal(size=(60, 2))
    labels = np.array(["low", "mid", "high"])[(rows.sum(axis=1) > 0).astype(int) + (rows[:, 0] > 1)]
    frame = pd.DataFrame(rows, columns=["a", "B b"])
    model = RandomForestClassifier(5, max_depth=3, random_state=0).fit(frame, labels)
    compiled(any_team, model, "level", language)
    kind = "DOUBLE" if any_team.engine == "duckdb" else "double precision"
    any_team.execute(
        f'CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, a {kind}, "B b" {kind});'
    )
    any_team.ok("apply")
    words = ("attach", "level", "--table", "app.t", "--key", "id", "--as", "trigger")
    assert any_team.on(*words, "--with", "proba,margin")[0] == 0
    any_team.ok("apply")
    values = ", ".join(f"({n}, {float(a)!r}, {float(b)!r})" for n, (a, b) in enumerate(rows))
    any_team.execute(f"INSERT INTO app.t VALUES {values};")
    found = any_team.fetch("SELECT prediction, proba FROM ml.level_predictions ORDER BY id")
    wanted = zip(model.predict(frame), model.predict_proba(frame), strict=True)
    assert found == [(str(label), tuple(map(float, proba))) for label, proba in wanted]


@pytest.mark.parametrize("language", ["sql", "plpython"])
def test_a_model_of_more_inputs_than_arguments_is_attached(postgres15_team, language):
    team = postgres15_team
    names = [f"x{n}" for n in range(101)]
    rows = np.random.default_rng(0).normal(size=(40, 101))
    frame = pd.DataFrame(rows, columns=names)
    model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(frame, rows.sum(axis=1))
    compiled(team, model, "wide", language)
    columns = ", ".join(f"{name} double precision" for name in names)
    team.execute(
        f"CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, score float8, {columns});"
    )
    team.ok("apply")
    words = ("attach", "wide", "--table", "app.t", "--key", "id", "--as")
    for more in (
        ("trigger",),
        ("trigger", "--into-column", "score", "--name", "fill"),
        ("column",),
    ):
        code, out, err = team.on(*words, *more)
        assert code == 0, out + err
    team.ok("apply")
    values = ", ".join(
        f"({n}, NULL, {', '.join(map(repr, map(float, row)))})" for n, row in enumerate(rows)
    )
    team.execute(f"INSERT INTO app.t VALUES {values};")
    wanted = [(value,) * 3 for value in model.predict(frame).tolist()]
    joined = "app.t JOIN ml.wide_predictions AS p USING (id) ORDER BY id"
    assert team.fetch(f"SELECT p.prediction, t.score, t.wide_v1 FROM {joined}") == wanted


def test_an_administrators_script_attaches_too(postgres15_team, programs):
    team = customers(postgres15_team, 2.0)
    attach(team, "trigger")
    attach(team, "procedure")
    objects = team.objects()
    team.ok("rollback", "--to", "0003")
    code, script, err = team.run("sql", "--target", "postgres", "--from", "0003")
    assert code == 0, err
    psql = [programs(team.url) / "psql", "-X", "-1", "-q", "-f", "-", "--dbname", team.url]
    done = subprocess.run(psql, input=script, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert team.objects() == objects
    assert (team.on("drift")[0], team.on("status")[0]) == (0, 0)
    insert(team, (1, 1.5, 10))
    assert team.value("prediction FROM ml.churn_predictions") == 13.0
