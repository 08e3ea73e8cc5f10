from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import TargetEncoder

from procgen.ir.types import DType
from tests.unit.frontends.transformer_parity import assert_columns_equal, read_columns

RANDOM = np.random.default_rng(0)
TEXTS = RANDOM.choice(["a", "b", 'c"d', ""], (80, 2)).astype(object)
NUMBERS = RANDOM.choice([1.0, 2.0, 3.5], (80, 2))
TARGETS = {
    "binary": RANDOM.integers(0, 2, 80),
    "text": RANDOM.choice(["no", "yes"], 80),
    "continuous": RANDOM.normal(size=80),
    "multiclass": RANDOM.integers(0, 4, 80),
}


def text_rows() -> list[dict]:
    values = ["a", "b", 'c"d', "", "new", "A", None]
    return [{"x0": first, "x1": second} for first in values for second in values]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("smooth", ["auto", 3.0])
def test_text_is_encoded_as_sklearn_does(target, smooth) -> None:
    step = TargetEncoder(smooth=smooth).fit(TEXTS, TARGETS[target])
    program = read_columns(step)
    assert {field.dtype for field in program.inputs} == {DType.TEXT}
    assert assert_columns_equal(step, program, text_rows()) == (49, 0)


@pytest.mark.parametrize("missing", [None, np.nan], ids=repr)
def test_a_missing_value_that_was_seen_has_a_mean_of_its_own(missing) -> None:
    array = TEXTS.copy()
    array[::7] = missing
    step = TargetEncoder().fit(array, TARGETS["binary"])
    marker = None if missing is None else np.nan
    assert assert_columns_equal(step, read_columns(step), text_rows(), marker) == (49, 0)


@pytest.mark.parametrize("target", TARGETS)
def test_numbers_are_encoded_as_sklearn_does(target) -> None:
    step = TargetEncoder().fit(NUMBERS, TARGETS[target])
    values = [1.0, 2.0, 3.5, 7.0, -0.0, np.nan, np.inf]
    rows = [{"x0": first, "x1": second} for first in values for second in values]
    assert assert_columns_equal(step, read_columns(step), rows) == (36, 13)
