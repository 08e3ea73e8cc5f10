"""From a saved model and a sample to scores of a real table, by the commands that a user types."""

from __future__ import annotations

import duckdb
import joblib
import numpy as np
import psycopg
import pytest
from pandas.api import types as kinds
from sqlalchemy import make_url

from procgen.cli import main
from procgen.databases.opening import engine_of
from procgen.verify.bits import ulps_apart
from tests.real_data import trained

NAMES = [
    "german credit, random forest",
    "flights, histogram boosting",
    "titanic, gradient boosting",
    "freedom, LightGBM",
]
MOST_ARGUMENTS = 100
LINK_ULPS = 4


def sql_type(column):
    if kinds.is_bool_dtype(column):
        return "boolean"
    if kinds.is_integer_dtype(column):
        return "bigint"
    return "double precision" if kinds.is_float_dtype(column) else "text"


def create(X):
    columns = ", ".join(f'"{name}" {sql_type(X[name])}' for name in X.columns)
    return f"CREATE TABLE observed (id bigint PRIMARY KEY, {columns})"


def question(X, engine):
    values = ", ".join(f'"{name}"' for name in X.columns)
    if engine == "postgres" and len(X.columns) > MOST_ARGUMENTS:
        values = f"ROW({values})::ml.real_v1_row"
    return f"SELECT {{}}({values}) FROM observed ORDER BY id".format


def in_duckdb(url, X, file, routines):
    ask = question(X, "duckdb")
    with duckdb.connect(make_url(url).database) as connection:
        connection.execute(create(X))
        connection.execute(f"COPY observed FROM '{file}' (FORMAT csv, HEADER)")
        return [column(connection.execute(ask(name)).fetchall()) for name in routines]


def in_postgres(url, X, file, routines):
    ask = question(X, "postgres")
    with psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string()) as opened:
        opened.execute(create(X))
        with opened.cursor().copy("COPY observed FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(file.read_bytes())
        return [column(opened.execute(ask(name)).fetchall()) for name in routines]


def column(rows):
    return [value for (value,) in rows]


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_table_is_scored_as_the_frame_was(name, tmp_path, database_url, capsys):
    model, X = trained(name).model, trained(name).X
    joblib.dump(model, tmp_path / "model.joblib")
    X.to_parquet(tmp_path / "sample.parquet")
    X.to_csv(tmp_path / "rows.csv", index_label="id")
    folder, engine = str(tmp_path / "scoring"), engine_of(database_url)
    saved = [str(tmp_path / "model.joblib"), "--trust", "--name", "real", "--target", engine]
    for words in (
        ["init", folder],
        ["compile", *saved, "--sample", str(tmp_path / "sample.parquet"), "-C", folder],
        ["apply", "--url", database_url, "-C", folder],
    ):
        assert main(words) == 0, capsys.readouterr()
    load = {"duckdb": in_duckdb, "postgres": in_postgres}[engine]
    has_proba = hasattr(model, "predict_proba")
    routines = ["ml.real_v1", *(["ml.real_v1_proba"] if has_proba else [])]
    found = load(database_url, X, tmp_path / "rows.csv", routines)
    assert found[0] == model.predict(X).tolist()
    if has_proba:
        shares = model.predict_proba(X)[:, 1].tolist()
        distances = [
            ulps_apart(ours, theirs) for ours, theirs in zip(found[1], shares, strict=True)
        ]
        assert max(distances) <= LINK_ULPS
    assert np.isnan(X.select_dtypes("number").to_numpy(dtype=float)).any() == ("german" not in name)
