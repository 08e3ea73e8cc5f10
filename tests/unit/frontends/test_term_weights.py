from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer

from tests.unit.frontends.numeric_columns import largest_difference
from tests.unit.frontends.transformer_parity import assert_columns_equal, read_columns
from tests.unit.frontends.tree_parity import names

COUNTS = np.random.default_rng(0).integers(0, 4, (50, 4)).astype(float)
ODD = (-0.0, 0.5, -1.0, 1e300, 5e-324, np.nan, np.inf)
WITHOUT_NORM = [
    {"use_idf": use_idf, "smooth_idf": smooth, "sublinear_tf": sublinear, "norm": None}
    for use_idf in (True, False)
    for smooth in (True, False)
    for sublinear in (True, False)
]
WITH_NORM = [
    {"norm": norm, "use_idf": use_idf, "sublinear_tf": sublinear}
    for norm in ("l1", "l2")
    for use_idf in (True, False)
    for sublinear in (True, False)
]


def rows(odd=()):
    table = [dict(zip(names(4), row, strict=True)) for row in COUNTS.tolist()]
    nothing = dict.fromkeys(names(4), 0.0)
    return [*table, nothing, *({**nothing, names(4)[1]: value} for value in odd)]


@pytest.mark.parametrize("options", WITHOUT_NORM, ids=str)
def test_weights_without_a_norm_have_python_s_bits(options) -> None:
    step = TfidfTransformer(**options).fit(COUNTS)
    transformed, refused = assert_columns_equal(step, read_columns(step), rows(ODD))
    assert (transformed, refused) == (56, 2)


@pytest.mark.parametrize("options", WITH_NORM, ids=str)
def test_weights_over_a_norm_are_within_a_few_epsilons(options) -> None:
    step = TfidfTransformer(**options).fit(COUNTS)
    assert largest_difference(step, read_columns(step), rows(), scale=1.0) < 8
