from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from procgen.errors import UnsupportedModelError
from procgen.frontends import read_model
from procgen.frontends.wants import missing_markers
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType
from tests.unit.frontends.tree_parity import assert_equal, case_name, probe_rows, read

RANDOM = np.random.default_rng(0)
X = np.round(RANDOM.normal(size=(400, 4)), 2)
X[RANDOM.random(X.shape) < 0.1] = np.nan
FILLED = np.nan_to_num(X, nan=0.7)
SCORE = FILLED[:, 0] * 2 - FILLED[:, 1] + FILLED[:, 2] * FILLED[:, 3]
BINARY = SCORE > 0
TEXT = np.array(["low", "mid", "high"])[np.digitize(SCORE, [-1.0, 1.0])]
SMALL = {"max_iter": 12, "max_leaf_nodes": 9, "random_state": 0}
COUNTS = np.exp(SCORE / 4)

MODELS = [
    (HistGradientBoostingClassifier(**SMALL), BINARY),
    (HistGradientBoostingClassifier(**SMALL), TEXT),
    (HistGradientBoostingClassifier(early_stopping=True, **SMALL), BINARY.astype(int)),
    (HistGradientBoostingClassifier(monotonic_cst=[1, 0, 0, -1], **SMALL), BINARY),
    (HistGradientBoostingRegressor(**SMALL), SCORE),
    (HistGradientBoostingRegressor(loss="absolute_error", **SMALL), SCORE),
    (HistGradientBoostingRegressor(loss="quantile", quantile=0.3, **SMALL), SCORE),
    (HistGradientBoostingRegressor(loss="poisson", **SMALL), COUNTS),
    (HistGradientBoostingRegressor(loss="gamma", l2_regularization=1.0, **SMALL), COUNTS),
]


@pytest.mark.parametrize(("model", "y"), MODELS, ids=case_name)
def test_margins_and_labels_equal_sklearn_bit_for_bit(model, y) -> None:
    model.fit(X, y)
    program = read(model)
    scored, refused = assert_equal(model, program, probe_rows(program, X), has_link=True)
    assert scored > 100
    assert refused == 0


def test_a_margin_of_zero_gives_the_first_class() -> None:
    model = HistGradientBoostingClassifier(max_iter=1, max_depth=1)
    model.fit([[0.0], [0.0]], ["a", "b"])
    assert interpret(read(model), [{"x0": 0.0}])[OutputName.PREDICT] == ["a"]


def test_a_model_of_one_class_is_refused() -> None:
    model = HistGradientBoostingClassifier(max_iter=1).fit(X, np.zeros(len(X)))
    with pytest.raises(UnsupportedModelError, match="one class"):
        read(model)


def categorical_frame() -> pd.DataFrame:
    sizes = np.array(["s", 'm"', "l'l", "x y", ""])
    frame = pd.DataFrame(
        {
            "amount": FILLED[:, 0],
            "size": sizes[RANDOM.integers(0, 5, 400)],
            "level": RANDOM.integers(0, 40, 400),
            "score": X[:, 1],
            "rate": np.round(RANDOM.normal(size=400), 0),
        }
    )
    frame.loc[RANDOM.random(400) < 0.1, "size"] = None
    frame.loc[RANDOM.random(400) < 0.1, "rate"] = np.nan
    return frame


FRAME = categorical_frame()
TARGET = (
    FRAME["amount"]
    + FRAME["size"].isin(["s", "x y"]) * 2
    + FRAME["level"] % 5
    - FRAME["rate"].fillna(3.0) ** 2 / 4
).to_numpy()
UNSEEN = {"size": ["xl", "S", "s "], "level": [-1, 41, 10**12], "rate": [0.5, 9.0, -0.0]}


@pytest.mark.parametrize(
    "chosen",
    [["size", "level", "rate"], [1, 2, 4], [False, True, True, False, True], ["size"]],
    ids=case_name,
)
@pytest.mark.parametrize("kind", ["regressor", "binary", "multiclass"])
def test_categories_unseen_and_missing_ones_go_where_sklearn_sends_them(chosen, kind) -> None:
    if kind == "regressor":
        model = HistGradientBoostingRegressor(categorical_features=chosen, **SMALL)
        model.fit(FRAME, TARGET)
    else:
        y = np.digitize(TARGET, [1.0] if kind == "binary" else [0.0, 2.0])
        model = HistGradientBoostingClassifier(categorical_features=chosen, **SMALL).fit(FRAME, y)
    program = read_model(model).program
    categorical = chosen != ["size"]
    types = [field.dtype for field in program.inputs]
    number = DType.INT64 if categorical else DType.FLOAT64
    assert types == [DType.FLOAT64, DType.TEXT, number, DType.FLOAT64, DType.FLOAT64]
    rows = probe_rows(program, FRAME, UNSEEN)
    scored, refused = assert_equal(model, program, rows, has_link=True)
    assert scored > 100
    assert (refused > 0) == categorical  # inf is refused in a column of float categories


def test_categories_are_found_by_pandas_type() -> None:
    frame = FRAME.astype({"size": "category", "level": "category"})
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", **SMALL)
    model.fit(frame, TARGET)
    program = read_model(model).program
    assert [field.dtype for field in program.inputs][1:3] == [DType.TEXT, DType.INT64]
    rows = probe_rows(program, FRAME, UNSEEN)
    known = [row for row in rows if row["size"] not in UNSEEN["size"]]
    assert_equal(model, program, known)


def test_categories_of_an_array_are_floats() -> None:
    array = np.column_stack([X[:, 0], RANDOM.integers(0, 7, 400), RANDOM.integers(0, 3, 400)])
    array[:20, 1] = np.nan
    y = np.nan_to_num(array[:, 1]) % 3 + array[:, 2]
    model = HistGradientBoostingRegressor(categorical_features=[1, 2], **SMALL).fit(array, y)
    program = read(model)
    rows = probe_rows(program, array, {"x1": [-0.0, 1.5, 300.0, -3.0], "x2": [2.0000000000000004]})
    assert_equal(model, program, rows)


def test_text_fitted_with_none_is_asked_with_none() -> None:
    words = np.array(["a", "b", None], dtype=object)[RANDOM.integers(0, 3, 400)]
    array = np.column_stack([words, FILLED[:, 0]]).astype(object)
    y = (words == None) * 3.0 + FILLED[:, 0]  # noqa: E711 - an element-wise comparison
    model = HistGradientBoostingRegressor(categorical_features=[0], **SMALL).fit(array, y)
    program = read(model)
    markers = missing_markers(model, 2)
    assert markers[0] is None
    assert math.isnan(markers[1])
    rows = [{"x0": text, "x1": value} for text in ("a", "b", None, "c") for value in (0.0, 1.0)]
    scored, _ = assert_equal(model, program, rows, marker=None)
    assert scored == 8
