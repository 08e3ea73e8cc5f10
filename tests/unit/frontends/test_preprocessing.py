from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import sparse
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from procgen.errors import UnsupportedModelError
from procgen.frontends.registry import INPUT_TYPES, Feature, Frame, Scope, read_transformer
from procgen.ir.expressions import Binary, BinaryOp, Column, Constant, Fill, Match, number
from procgen.ir.interpreter import interpret
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.types import DType, Field
from tests.unit.frontends.transformer_parity import assert_columns_equal, read_columns
from tests.unit.frontends.tree_parity import SPECIAL_NUMBERS, case_name, names

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 3)) * [1.0, 1e-3, 1e5] + [0.1, 7.0, -3.0]
HOLED = X.copy()
HOLED[RANDOM.random(X.shape) < 0.2] = np.nan


def number_rows(array: np.ndarray, more: tuple[float, ...] = ()) -> list[dict]:
    columns = names(array.shape[1])
    rows = [dict(zip(columns, row, strict=True)) for row in array[:20].tolist()]
    odd = (*SPECIAL_NUMBERS, None, *more)
    return rows + [{**rows[0], name: value} for name in columns for value in odd]


def values(program) -> tuple:
    return program.binding("margin").items


@pytest.mark.parametrize("with_mean", [True, False])
@pytest.mark.parametrize("with_std", [True, False])
def test_standard_scaler_equals_sklearn_bit_for_bit(with_mean, with_std) -> None:
    step = StandardScaler(with_mean=with_mean, with_std=with_std).fit(HOLED)
    program = read_columns(step)
    scored, refused = assert_columns_equal(step, program, number_rows(X))
    assert (scored > 20, refused) == (True, 6)


def test_standard_scaler_keeps_its_shape_where_a_column_is_constant() -> None:
    step = StandardScaler().fit([[3.0], [3.0]])
    centred = Binary(BinaryOp.SUBTRACT, Column("x0"), number(3.0))
    assert values(read_columns(step)) == (Binary(BinaryOp.DIVIDE, centred, number(1.0)),)


def test_standard_scaler_of_a_column_without_values_gives_missing_values() -> None:
    with pytest.warns(RuntimeWarning):
        step = StandardScaler().fit([[1.0, np.nan], [2.0, np.nan]])
    program = read_columns(step)
    assert_columns_equal(step, program, number_rows(X[:, :2]))


def test_standard_scaler_multiplies_a_sparse_column_by_the_reciprocal() -> None:
    step = StandardScaler(with_mean=False).fit(sparse.csr_array(X))
    program = read_columns(step, is_sparse=True)

    want = step.transform(sparse.csr_array(X[:20])).toarray().tolist()
    assert interpret(program, number_rows(X)[:20])[OutputName.MARGIN] == [tuple(w) for w in want]
    assert want != (X[:20] / step.scale_).tolist()


NUMERIC_IMPUTERS = [
    SimpleImputer(),
    SimpleImputer(strategy="median"),
    SimpleImputer(strategy="most_frequent"),
    SimpleImputer(strategy="constant"),
    SimpleImputer(strategy="constant", fill_value=-1.5, add_indicator=True),
    SimpleImputer(add_indicator=True),
]


@pytest.mark.parametrize("step", NUMERIC_IMPUTERS, ids=case_name)
def test_simple_imputer_of_nan_equals_sklearn_bit_for_bit(step) -> None:
    step.fit(HOLED)
    scored, refused = assert_columns_equal(step, read_columns(step), number_rows(HOLED))
    assert (scored > 20, refused) == (True, 6)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
@pytest.mark.parametrize("add_indicator", [True, False])
def test_simple_imputer_of_a_number_refuses_nan(strategy, add_indicator) -> None:
    array = np.round(X, 1)
    array[RANDOM.random(X.shape) < 0.2] = -1.0
    step = SimpleImputer(missing_values=-1, strategy=strategy, add_indicator=add_indicator)
    step.fit(array)
    rows = number_rows(array, more=(-1.0,))
    scored, refused = assert_columns_equal(step, read_columns(step), rows)
    assert (scored > 20, refused) == (True, 12)


def test_simple_imputer_of_integers_keeps_them() -> None:
    array = RANDOM.integers(-1, 4, (50, 2))
    step = SimpleImputer(missing_values=-1, strategy="most_frequent").fit(array)
    program = read_columns(step)
    assert {field.dtype for field in program.inputs} == {DType.INT64}
    rows = [{"x0": a, "x1": b} for a in range(-3, 5) for b in range(-3, 5)]
    assert assert_columns_equal(step, program, rows) == (64, 0)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("strategy", ["mean", "constant"])
@pytest.mark.parametrize("add_indicator", [True, False])
def test_simple_imputer_drops_columns_without_values_unless_told(
    keep, strategy, add_indicator
) -> None:
    array = HOLED.copy()
    array[:, 1] = np.nan
    step = SimpleImputer(
        strategy=strategy, keep_empty_features=keep, add_indicator=add_indicator
    ).fit(array)
    rows = number_rows(HOLED)
    scored, _ = assert_columns_equal(step, read_columns(step), rows)
    assert scored > 20


TEXTS = np.array(["a", "b", "", 'c"d'], dtype=object)[RANDOM.integers(0, 4, 60)]


@pytest.mark.parametrize("missing", [np.nan, None], ids=repr)
@pytest.mark.parametrize("strategy", ["most_frequent", "constant"])
def test_simple_imputer_fills_text(missing, strategy) -> None:
    array = TEXTS.copy()
    array[:9] = missing
    step = SimpleImputer(missing_values=missing, strategy=strategy, fill_value="none")
    step.fit(array.reshape(-1, 1))
    program = read_text_columns(step)
    assert program.inputs[0].dtype is DType.TEXT
    for value in ("a", "", None, "new"):
        given = np.array([[missing if value is None else value]], dtype=object)
        assert text_answer(program, value) == step.transform(given)[0, 0]


def test_simple_imputer_of_an_empty_text_refuses_nan() -> None:
    step = SimpleImputer(missing_values="", strategy="most_frequent", add_indicator=True)
    step.fit(TEXTS.reshape(-1, 1))
    program = read_text_columns(step)
    for value in ("a", "", "new"):
        given = np.array([[value]], dtype=object)
        assert text_answer(program, value) == step.transform(given)[0, 0]
    with pytest.raises(ValueError, match="NaN"):
        step.transform(np.array([[math.nan]], dtype=object))
    assert text_answer(program, None) is None


def read_text_columns(step):
    """The first column, which is text, as what the Program predicts."""

    (dtype,) = INPUT_TYPES.find(step)(step, 1)
    frame = read_transformer(step, Frame((Feature(Column("x0"), dtype, "x0"),)), Scope())
    return Program(
        (Field("x0", dtype),),
        frame.requirements,
        (Binding("predict", frame.features[0].expr),),
        (Output(OutputName.PREDICT, frame.features[0].dtype, "predict"),),
    )


def text_answer(program, value):

    return interpret(program, [{"x0": value}])[OutputName.PREDICT][0]


def test_shapes_that_later_passes_rely_on() -> None:
    step = SimpleImputer(add_indicator=True).fit([[1.0], [np.nan], [2.0]])
    assert values(read_columns(step)) == (
        Fill(Column("x0"), number(1.5)),
        Match(Column("x0"), (), number(0.0), number(1.0)),
    )


def test_filling_numbers_with_text_is_refused_by_name() -> None:
    array = np.array([["a", 1.0], [np.nan, np.nan]], dtype=object)
    step = SimpleImputer(strategy="constant", fill_value=0).fit(array)
    with pytest.raises(UnsupportedModelError, match="x0"):
        read_typed(step, [DType.TEXT, DType.FLOAT64])


def read_typed(step, types) -> None:

    columns = names(len(types))
    features = [Feature(Column(n), t, n) for n, t in zip(columns, types, strict=True)]
    read_transformer(step, Frame(tuple(features)), Scope())


def test_a_function_transformer_without_a_function_changes_nothing() -> None:
    step = FunctionTransformer().fit(X)
    assert values(read_columns(step)) == tuple(map(Column, names(3)))


def test_a_function_transformer_that_validates_refuses_what_is_not_finite() -> None:
    step = FunctionTransformer(validate=True).fit(X)
    scored, refused = assert_columns_equal(step, read_columns(step), number_rows(X))
    assert (scored > 20, refused) == (True, 12)


def test_a_function_transformer_with_a_function_is_refused_by_its_name() -> None:
    with pytest.raises(UnsupportedModelError, match="arctan"):
        read_columns(FunctionTransformer(np.arctan).fit(X))


def test_constants_of_a_column_without_values_are_missing() -> None:
    with pytest.warns(RuntimeWarning):
        step = StandardScaler().fit([[np.nan], [np.nan]])
    assert values(read_columns(step)) == (Constant(None, DType.FLOAT64),)
