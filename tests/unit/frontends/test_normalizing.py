from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import Normalizer

from procgen.errors import UnsupportedModelError
from procgen.frontends.registry import Feature, Frame, Scope, read_transformer
from procgen.ir.expressions import Column
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType
from tests.unit.frontends.numeric_columns import X, assert_equal, largest_difference, rows_of
from tests.unit.frontends.transformer_parity import read_columns

SMALL = np.array([[1e-16, -1e-16, 0.0], [0.0, 0.0, 0.0], [3e-15, 1e-300, 0.0], [-4.0, 2.0, 4.0]])


def frame_of(count: int) -> Frame:
    return Frame(tuple(Feature(Column(f"x{i}"), DType.FLOAT64, f"x{i}") for i in range(count)))


def test_the_largest_value_as_norm_is_exact() -> None:
    step = Normalizer("max").fit(X)
    assert assert_equal(step) == (56, 12)
    assert_equal(step, SMALL)
    assert read_transformer(step, frame_of(3), Scope()).exact


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_a_sum_as_norm_is_within_a_few_epsilons(norm) -> None:
    step = Normalizer(norm).fit(X)
    program = read_columns(step)
    assert largest_difference(step, program, rows_of(X)[:20]) < 4
    assert largest_difference(step, program, rows_of(SMALL)[:4]) < 4
    assert not read_transformer(step, frame_of(3), Scope()).exact


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_of_a_sparse_row_only_a_norm_of_zero_is_left_out(norm) -> None:
    step = Normalizer(norm).fit(sparse.csr_array(SMALL))
    want = step.transform(sparse.csr_array(SMALL)).toarray()
    got = interpret(read_columns(step, is_sparse=True), rows_of(SMALL)[:4])[OutputName.MARGIN]
    np.testing.assert_array_max_ulp(np.array(got), want, 4)


@pytest.mark.parametrize(("norm", "columns"), [("l2", 65), ("max", 13)])
def test_norms_of_too_many_columns_are_refused(norm, columns) -> None:
    with pytest.raises(UnsupportedModelError, match=f"{columns} columns"):
        read_transformer(Normalizer(norm), frame_of(columns), Scope())
