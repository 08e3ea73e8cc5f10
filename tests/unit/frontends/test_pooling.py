from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.cluster import FeatureAgglomeration

from procgen.errors import UnsupportedModelError
from tests.unit.frontends.transformer_parity import assert_columns_equal, read_columns
from tests.unit.frontends.tree_parity import names

X = np.random.default_rng(0).normal(size=(40, 9)) * 10.0 ** np.arange(-4, 5)
ODD = (0.0, -0.0, 0.1, 1e300, -5e-324, np.nan, np.inf)
AS_BINCOUNT_ADDS = [{"n_clusters": count} for count in (1, 2, 4, 9)] + [
    {"n_clusters": 3, "linkage": "average", "metric": "cosine"},
    {"n_clusters": None, "distance_threshold": 5.0},
]


def rows():
    table = [dict(zip(names(9), row, strict=True)) for row in X.tolist()]
    odd = [{**table[place], names(9)[place % 9]: value} for place, value in enumerate(ODD)]
    return table + odd


@pytest.mark.parametrize("options", AS_BINCOUNT_ADDS, ids=str)
def test_means_of_columns_have_the_bits_of_bincount(options) -> None:
    step = FeatureAgglomeration(**options).fit(X)
    assert assert_columns_equal(step, read_columns(step), rows()) == (45, 2)


def test_another_way_to_pool_is_refused() -> None:
    step = FeatureAgglomeration(2, pooling_func=np.median).fit(X)
    with pytest.raises(UnsupportedModelError, match=r"pools with .*median.*pooling_func=numpy"):
        read_columns(step)


def test_a_sparse_table_is_refused() -> None:
    step = FeatureAgglomeration(2).fit(X)
    assert sparse.issparse(sparse.csr_matrix(X))
    with pytest.raises(UnsupportedModelError, match="FeatureAgglomeration of a sparse matrix"):
        read_columns(step, is_sparse=True)


def test_a_mean_of_more_columns_than_are_added_is_refused() -> None:
    wide = np.random.default_rng(0).normal(size=(5, 102))
    step = FeatureAgglomeration(1).fit(wide)
    with pytest.raises(UnsupportedModelError, match="one column of 102, and 100 are added"):
        read_columns(step)
