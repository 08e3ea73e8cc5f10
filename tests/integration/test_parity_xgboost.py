"""XGBoost models score in every database as they do in Python, by the bits."""

from __future__ import annotations

import numpy as np
import pytest

from procgen.compiler import compile_model
from procgen.databases.opening import engine_of, open_database
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.verify import random_rows, verify
from procgen.verify.bits import same_bits
from tests.xgboost_zoo import FRAME, ZOO, fitted, inputs_of

TITLES = {
    OutputName.PREDICT: "prediction",
    OutputName.PROBA: "proba",
    OutputName.MARGIN: "margin",
}
FLOAT32_ULPS = 4


def compiled(name, url):
    model = fitted(name)
    return compile_model(model, name="xgb", target=engine_of(url), inputs=inputs_of(model))


@pytest.mark.parametrize("name", ZOO)
def test_the_database_scores_as_xgboost_does(name, shared_database_url) -> None:
    artifact = compiled(name, shared_database_url)
    report = verify(artifact, fitted(name), url=shared_database_url, random=200)
    assert report.ok, report.describe()
    assert report.undecided == 0
    assert report.max_ulp <= FLOAT32_ULPS
    assert report.rows - report.refused > 100


@pytest.mark.parametrize(
    "name",
    [
        "41 trees",
        "450 trees",
        "45 rounds of three classes",
        "two classes",
        "missing 0.1",
        "linear, missing -999",
        "linear, 50 columns",
    ],
)
def test_a_select_adds_float32_in_the_same_order(name, shared_database_url) -> None:
    artifact = compiled(name, shared_database_url)
    rows = random_rows(artifact.lowered, 200)
    want = interpret(artifact.lowered, rows)
    with open_database(shared_database_url) as database, database.rehearsal():
        key = database.load_rows("xgb_rows", artifact.program.inputs, rows)
        select = artifact.select("xgb_rows", key=key)
        names = ", ".join(TITLES[output] for output in want)
        found = database.fetch(f"SELECT {names} FROM ({select}) AS s ORDER BY {key}")
    for place, scores in enumerate(found):
        for output, got in zip(want, scores, strict=True):
            assert same_bits(got, want[output][place]), rows[place]


@pytest.mark.parametrize(
    "name", ["linear", "linear, large weights", "linear, small weights", "linear, three classes"]
)
def test_weighted_sums_neither_raise_nor_differ_at_any_size(name, shared_database_url) -> None:
    pick = np.random.default_rng(1)
    sizes = 10.0 ** pick.uniform(-90, 39, (400, 3)) * pick.choice([-1, 1], (400, 3))
    rows = [dict(zip(FRAME.columns, row, strict=True)) for row in sizes.tolist()]
    rows.append(dict.fromkeys(FRAME.columns, 2e38))
    artifact = compiled(name, shared_database_url)
    report = verify(artifact, fitted(name), url=shared_database_url, rows=rows, probes=60, random=0)
    assert report.ok, report.describe()
    assert report.out_of_range > 0
    assert report.rows - report.refused - report.out_of_range > 200
