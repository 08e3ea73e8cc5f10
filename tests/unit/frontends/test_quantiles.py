from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import QuantileTransformer

from procgen.errors import UnsupportedModelError
from procgen.ir.curves import curve
from tests.unit.frontends.numeric_columns import X, assert_equal
from tests.unit.frontends.transformer_parity import read_columns

TIED = np.round(X / [1.0, 1e-3, 1e5])
DISTRIBUTIONS = ["uniform", "normal"]


@pytest.mark.parametrize("array", [X, TIED, TIED * 0.0 + 3.0], ids=["spread", "tied", "constant"])
@pytest.mark.parametrize("count", [2, 9, 60])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_quantiles_equal_sklearn_bit_for_bit(array, count, distribution) -> None:
    step = QuantileTransformer(n_quantiles=count, output_distribution=distribution).fit(array)
    edges = step.quantiles_[:: max(count // 6, 1)].ravel()
    near = (edges, np.nextafter(edges, -9e9), np.nextafter(edges, 9e9), edges - 9e-8, edges + 9e-8)
    scored, refused = assert_equal(step, array, more=tuple(np.concatenate(near).tolist()))
    assert (scored > 60, refused) == (True, 6)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_quantiles_are_proved_to_rise(distribution) -> None:
    step = QuantileTransformer(n_quantiles=60, output_distribution=distribution).fit(X)
    shapes = [curve(column) for column in read_columns(step).binding("margin").items]
    assert [shape.piece.sign for shape in shapes] == [1, 1, 1]


def test_quantiles_of_a_sparse_matrix_are_refused() -> None:
    step = QuantileTransformer(n_quantiles=5).fit(sparse.csc_array(np.abs(X)))
    with pytest.raises(UnsupportedModelError, match="sparse"):
        read_columns(step, is_sparse=True)
