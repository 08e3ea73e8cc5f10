from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import MissingIndicator

from procgen.frontends.registry import INPUT_TYPES
from procgen.frontends.wants import missing_markers
from tests.unit.frontends.numeric_columns import HOLED, X, assert_equal

SOME = np.column_stack([X[:, 0], HOLED[:, 1:]])


@pytest.mark.parametrize("features", ["missing-only", "all"])
@pytest.mark.parametrize("error_on_new", [True, False])
@pytest.mark.parametrize("sparse", [True, False, "auto"])
def test_an_indicator_equals_sklearn(features, error_on_new, sparse) -> None:
    step = MissingIndicator(features=features, error_on_new=error_on_new, sparse=sparse).fit(SOME)
    _, refused = assert_equal(step, SOME)
    assert refused == (8 if error_on_new and features == "missing-only" else 6)


@pytest.mark.parametrize("features", ["missing-only", "all"])
def test_an_indicator_of_a_number_refuses_nan(features) -> None:
    array = np.round(SOME.clip(-2, 2))
    array[np.isnan(array)] = -1.0
    array[:, 0] = np.abs(array[:, 0])
    step = MissingIndicator(missing_values=-1, features=features).fit(array)
    scored, refused = assert_equal(step, array, more=(-1.0,))
    assert (scored > 40, refused) == (True, 13 if features == "missing-only" else 12)


def test_none_is_the_missing_value_where_the_indicator_looks_for_it() -> None:
    step = MissingIndicator(missing_values=None).fit(np.array([["a"], [None]], dtype=object))
    assert missing_markers(step, 1) == (None,)
    assert INPUT_TYPES.find(step)(step, 1) == (None,)
