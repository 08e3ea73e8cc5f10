from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from procgen.errors import UnsupportedModelError
from procgen.ir.expressions import Case, Column, Match, number
from procgen.ir.types import DType
from tests.unit.frontends.transformer_parity import assert_columns_equal, read_columns
from tests.unit.frontends.tree_parity import case_name

RANDOM = np.random.default_rng(0)
SIZE = 80


def frame_of(*, holed: bool) -> pd.DataFrame:
    texts = np.array(["a", 'b"', "c'", "", "e f"])
    frame = pd.DataFrame(
        {
            "text": texts[RANDOM.choice(5, SIZE, p=[0.5, 0.3, 0.1, 0.05, 0.05])],
            "whole": RANDOM.choice(6, SIZE, p=[0.4, 0.3, 0.2, 0.05, 0.03, 0.02]),
            "flag": RANDOM.random(SIZE) < 0.5,
            "real": RANDOM.choice([-0.5, 0.0, 1e300, 5e-324], SIZE),
        }
    )
    if holed:
        frame.loc[::9, "text"] = np.nan
        frame.loc[::7, "real"] = np.nan
    return frame


WHOLE, HOLED = frame_of(holed=False), frame_of(holed=True)
ROWS = [
    {"text": text, "whole": whole, "flag": flag, "real": real}
    for text in ("a", 'b"', "c'", "", "e f", "A", "new", None)
    for whole, flag, real in [
        (0, True, 0.0),
        (5, False, -0.0),
        (7, True, math.nan),
        (1, False, math.inf),
        (2, True, 1e300),
        (3, True, 5e-324),
        (4, False, 0.25),
        (-(2**62), True, -0.5),
    ]
]
TYPES = [DType.TEXT, DType.INT64, DType.BOOL, DType.FLOAT64]

ONE_HOTS = [
    OneHotEncoder(),
    OneHotEncoder(handle_unknown="ignore"),
    OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=int),
    OneHotEncoder(drop="first"),
    OneHotEncoder(drop="first", handle_unknown="ignore"),
    OneHotEncoder(drop="if_binary", handle_unknown="ignore"),
    OneHotEncoder(drop=["a", 2, False, 1e300], handle_unknown="ignore"),
    OneHotEncoder(min_frequency=10),
    OneHotEncoder(min_frequency=10, handle_unknown="ignore"),
    OneHotEncoder(min_frequency=10, handle_unknown="infrequent_if_exist"),
    OneHotEncoder(min_frequency=10, handle_unknown="warn"),
    OneHotEncoder(max_categories=3, handle_unknown="infrequent_if_exist", drop="first"),
    OneHotEncoder(max_categories=2, handle_unknown="infrequent_if_exist", drop="if_binary"),
    OneHotEncoder(max_categories=1, handle_unknown="infrequent_if_exist"),
    OneHotEncoder(handle_unknown="infrequent_if_exist"),
]
ORDINALS = [
    OrdinalEncoder(),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan),
    OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=99, encoded_missing_value=-2, dtype=int
    ),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=99, min_frequency=10),
    OrdinalEncoder(min_frequency=10, encoded_missing_value=50),
    OrdinalEncoder(max_categories=2),
]


@pytest.mark.parametrize("frame", [WHOLE, HOLED], ids=["whole", "holed"])
@pytest.mark.parametrize("step", ONE_HOTS + ORDINALS, ids=case_name)
def test_an_encoder_equals_sklearn_on_every_category_and_unseen_one(step, frame) -> None:
    step.fit(frame)
    program = read_columns(step)
    assert [field.dtype for field in program.inputs] == TYPES
    scored, refused = assert_columns_equal(step, program, ROWS)
    assert scored > 3
    assert refused >= len(ROWS) // 8  # inf, always


@pytest.mark.parametrize("step", [OneHotEncoder(), OrdinalEncoder()], ids=case_name)
def test_none_is_a_category_of_its_own(step) -> None:
    texts = np.array([["a"], ["b"], [None], ["a"]], dtype=object)
    step.fit(texts)
    program = read_columns(step)
    rows = [{"x0": value} for value in ("a", "b", None, "c")]
    assert assert_columns_equal(step, program, rows, marker=None) == (3, 1)


@pytest.mark.parametrize("step", [OneHotEncoder(), OrdinalEncoder()], ids=case_name)
def test_given_categories_keep_their_order(step) -> None:
    step.set_params(categories=[["z", "a", "m"]]).fit([["a"], ["z"]])
    rows = [{"x0": value} for value in ("a", "m", "z", "", None)]
    assert assert_columns_equal(step, read_columns(step), rows) == (3, 2)


@pytest.mark.parametrize(
    "step",
    [OneHotEncoder(min_frequency=3), OrdinalEncoder(min_frequency=3, encoded_missing_value=9)],
    ids=case_name,
)
@pytest.mark.parametrize("missing", [None, np.nan], ids=repr)
def test_a_missing_category_may_be_infrequent(step, missing) -> None:
    texts = np.array([["a"]] * 5 + [["b"]] * 4 + [["c"], [missing]], dtype=object)
    step.fit(texts)
    rows = [{"x0": value} for value in ("a", "b", "c", None, "d")]
    assert assert_columns_equal(step, read_columns(step), rows, marker=missing) == (4, 1)


def test_a_column_that_was_always_missing_has_one_category() -> None:
    step = OneHotEncoder(handle_unknown="ignore").fit([[np.nan], [np.nan]])
    rows = [{"x0": value} for value in (None, 1.0, math.inf)]
    assert assert_columns_equal(step, read_columns(step), rows) == (2, 1)


def test_one_hot_columns_are_tables_of_one_category() -> None:
    step = OneHotEncoder(handle_unknown="ignore").fit([["b"], ["a"]])
    column = Column("x0")
    assert read_columns(step).binding("margin").items == (
        Match(column, (Case("a", number(1.0)),), number(0.0), number(0.0)),
        Match(column, (Case("b", number(1.0)),), number(0.0), number(0.0)),
    )


@pytest.mark.parametrize("step", [OneHotEncoder(), OrdinalEncoder()], ids=case_name)
def test_two_spellings_of_missing_are_refused(step) -> None:
    step.fit(np.array([["a"], [None], [np.nan]], dtype=object))
    with pytest.raises(UnsupportedModelError, match="column 0"):
        read_columns(step)


@pytest.mark.parametrize("step", [OneHotEncoder(), OrdinalEncoder()], ids=case_name)
def test_codes_in_float32_are_refused(step) -> None:
    step.set_params(dtype=np.float32).fit([["a"], ["b"]])
    with pytest.raises(UnsupportedModelError, match="float32"):
        read_columns(step)
