from __future__ import annotations

import math

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from procgen.frontends import read_model
from procgen.ir.domain import UNSEEN
from procgen.ir.interpreter import admits
from procgen.ir.types import DType
from procgen.verify.probes import make_probes, probe_rows, random_rows


def stump(types=None):
    """Its threshold is 1.25."""
    model = DecisionTreeRegressor().fit([[1.0, 0.0], [1.5, 0.0]], [0.0, 1.0])
    return read_model(model, ["x", "y"], types).program


def column(rows, name):
    return {repr(row[name]) for row in rows}


def test_a_threshold_and_its_neighbours_are_there():
    found = column(probe_rows(stump()), "x")
    single = float(np.nextafter(np.float32(1.25), np.float32(2)))
    middle = (1.25 + single) / 2  # what rounds to 1.25 and what does not
    for value in (1.25, single, middle, math.nextafter(middle, 2), math.nextafter(middle, 1)):
        assert repr(value) in found


def test_every_column_has_every_extreme():
    rows = probe_rows(stump())
    extremes = (None, math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1e300, -1e300)
    for name in ("x", "y"):
        assert {repr(value) for value in extremes} <= column(rows, name)


def test_an_extreme_stands_beside_ordinary_values():
    program = stump()
    refused = [row for row in probe_rows(program) if not admits(program, row)]
    assert len(refused) < len(probe_rows(program)) / 2


def test_rows_are_the_same_on_every_call():
    program = stump()
    assert list(map(repr, probe_rows(program))) == list(map(repr, probe_rows(program)))
    assert list(map(repr, random_rows(program, 50))) == list(map(repr, random_rows(program, 50)))
    assert list(map(repr, random_rows(program, 50, 1))) != list(map(repr, random_rows(program, 50)))


def test_types_are_honoured():
    types = {"x": DType.INT64, "y": DType.FLOAT32}
    program = stump(types)
    for row in [*probe_rows(program), *random_rows(program, 200)]:
        assert row["x"] is None or type(row["x"]) is int
        assert row["y"] is None or math.isnan(row["y"]) or float(np.float32(row["y"])) == row["y"]


def test_text_has_categories_lookalikes_and_unseen_ones():
    frame = pd.DataFrame({"plan": ["basic", "pro", "pro"]})
    encoder = OneHotEncoder(handle_unknown="ignore")
    model = make_pipeline(encoder, LinearRegression()).fit(frame, [1.0, 2.0, 2.0])
    program = read_model(model, types={"plan": DType.TEXT}).program
    found = {row["plan"] for row in probe_rows(program)}
    assert {"basic", "pro", "BASIC", "pro ", "", UNSEEN, None} <= found
    assert {"basic", "pro"} <= {row["plan"] for row in random_rows(program, 500)}


def test_a_large_model_is_thinned_and_says_so():
    random = np.random.default_rng(0)
    X = random.normal(size=(500, 3))
    model = RandomForestRegressor(20, random_state=0).fit(X, X.sum(axis=1))
    program = read_model(model, ["a", "b", "c"]).program
    probes = make_probes(program, limit=1_000)
    assert len(probes.rows) <= 1_001
    assert probes.left_out > 0
    assert make_probes(stump()).left_out == 0


def test_whole_numbers_stay_within_64_bits():
    ends = [[-9.22e18], [-9.2e18], [9.2e18], [9.22e18]]
    model = DecisionTreeRegressor(random_state=0).fit(ends, [0.0, 5.0, 9.0, 20.0])
    ensemble = read_model(model, ["x"], {"x": DType.INT64}).program
    for row in [*probe_rows(ensemble), *random_rows(ensemble, 2_000)]:
        assert row["x"] is None or -(2**63) <= row["x"] < 2**63
