from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import PolynomialFeatures

from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from tests.unit.frontends.numeric_columns import X, assert_equal, rows_of
from tests.unit.frontends.transformer_parity import read_columns
from tests.unit.frontends.tree_parity import case_name

POLYNOMIALS = [
    PolynomialFeatures(),
    PolynomialFeatures(1),
    PolynomialFeatures(0),
    PolynomialFeatures(3, include_bias=False),
    PolynomialFeatures(3, interaction_only=True),
    PolynomialFeatures((2, 5), include_bias=False),
    PolynomialFeatures((2, 2), interaction_only=True),
    PolynomialFeatures(4, order="F"),
]


@pytest.mark.parametrize("step", POLYNOMIALS, ids=case_name)
def test_products_equal_sklearn_bit_for_bit(step) -> None:
    assert assert_equal(step.fit(X)) == (56, 12)


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("degree", [2, 3, 4])
@pytest.mark.parametrize("interaction_only", [True, False])
def test_products_of_a_sparse_matrix_go_from_the_first_column_on(
    make, degree, interaction_only
) -> None:
    step = PolynomialFeatures(degree, interaction_only=interaction_only).fit(make(X))
    want = step.transform(make(X[:20])).toarray().tolist()
    got = interpret(read_columns(step, is_sparse=True), rows_of(X)[:20])[OutputName.MARGIN]
    assert np.array(got).tolist() == want
