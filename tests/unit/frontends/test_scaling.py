from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler

from procgen.ir.expressions import Binary, BinaryOp, Column, Constant, number
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType
from tests.unit.frontends.numeric_columns import HOLED, X, assert_equal, rows_of
from tests.unit.frontends.transformer_parity import read_columns
from tests.unit.frontends.tree_parity import case_name

SCALERS = [
    MinMaxScaler(),
    MinMaxScaler(clip=True),
    MinMaxScaler((-1, 3), clip=True),
    MinMaxScaler((-2, 0), clip=True),
    MaxAbsScaler(),
    MaxAbsScaler(clip=True),
    RobustScaler(),
    RobustScaler(with_centering=False),
    RobustScaler(with_scaling=False),
    RobustScaler(quantile_range=(10, 90), unit_variance=True),
]


@pytest.mark.parametrize("step", SCALERS, ids=case_name)
def test_scalers_equal_sklearn_bit_for_bit(step) -> None:
    scored, refused = assert_equal(step.fit(HOLED))
    assert (scored > 20, refused) == (True, 6)


def test_a_min_max_scaler_keeps_the_shape_that_passes_rely_on() -> None:
    step = MinMaxScaler().fit([[1.0], [3.0]])
    product = Binary(BinaryOp.MULTIPLY, Column("x0"), number(0.5))
    assert read_columns(step).binding("margin").items == (
        Binary(BinaryOp.ADD, product, number(-0.5)),
    )


@pytest.mark.parametrize("scaler", [MinMaxScaler, MaxAbsScaler, RobustScaler])
def test_a_column_without_values_becomes_missing(scaler) -> None:
    with pytest.warns(RuntimeWarning):
        step = scaler().fit([[1.0, np.nan], [2.0, np.nan]])
    assert read_columns(step).binding("margin").items[1] == Constant(None, DType.FLOAT64)
    assert_equal(step, X[:, :2])


@pytest.mark.parametrize("step", [MaxAbsScaler(), RobustScaler(with_centering=False)])
def test_a_sparse_column_is_multiplied_by_the_reciprocal(step) -> None:
    step.fit(sparse.csr_array(X))
    want = step.transform(sparse.csr_array(X[:20])).toarray().tolist()
    program = read_columns(step, is_sparse=True)
    assert interpret(program, rows_of(X)[:20])[OutputName.MARGIN] == [tuple(w) for w in want]
