from __future__ import annotations

import functools

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from procgen.errors import UnsupportedModelError
from procgen.frontends.functions import FUNCTIONS
from procgen.frontends.registry import Feature, Frame, Scope, read_transformer
from procgen.ir.expressions import Column
from procgen.ir.types import DType
from tests.unit.frontends.numeric_columns import X, assert_equal
from tests.unit.frontends.transformer_parity import read_columns


def named(function) -> str:
    return getattr(function, "__name__", repr(function))


@pytest.mark.parametrize("function", FUNCTIONS, ids=named)
@pytest.mark.parametrize("validate", [True, False])
def test_functions_equal_numpy_bit_for_bit(function, validate) -> None:
    step = FunctionTransformer(function, validate=validate).fit(X)
    with np.errstate(all="ignore"):
        assert assert_equal(step, more=(-1.0, 709.9, -745.2)) == ((65, 12) if validate else (77, 0))


CLIPS = [
    FunctionTransformer(np.clip, kw_args={"a_min": -1, "a_max": 0.5}),
    FunctionTransformer(np.clip, kw_args={"a_min": None, "a_max": np.float64(2)}),
    FunctionTransformer(functools.partial(np.clip, a_min=0.0, a_max=None)),
    FunctionTransformer(functools.partial(np.clip, a_min=0), kw_args={"a_max": 1}),
]


@pytest.mark.parametrize("step", CLIPS, ids=range(4))
def test_clip_equals_numpy_bit_for_bit(step) -> None:
    assert assert_equal(step.fit(X)) == (68, 0)


def cubed(table):
    return table**3


REFUSED = [
    (FunctionTransformer(cubed), "cubed"),
    (FunctionTransformer(lambda table: table), "<lambda>"),
    (FunctionTransformer(np.cbrt), "cbrt"),
    (FunctionTransformer(functools.partial(np.clip, a_min=[0, 1, 2], a_max=9)), "clip"),
    (FunctionTransformer(np.log1p, kw_args={"dtype": np.float32}), "log1p"),
]


@pytest.mark.parametrize(("step", "name"), REFUSED, ids=[name for _, name in REFUSED])
def test_other_functions_are_refused_by_name(step, name) -> None:
    with pytest.raises(UnsupportedModelError, match=name):
        read_columns(step.fit(X))


@pytest.mark.parametrize(
    ("function", "dtype"), [(np.square, DType.INT64), (np.abs, DType.INT64), (np.exp, DType.BOOL)]
)
def test_functions_that_numpy_does_in_another_arithmetic_are_refused(function, dtype) -> None:
    frame = Frame((Feature(Column("count"), dtype, "count"),))
    with pytest.raises(UnsupportedModelError, match=r"count.*float64"):
        read_transformer(FunctionTransformer(function), frame, Scope())


def test_a_function_that_moves_zero_is_refused_on_a_sparse_matrix() -> None:
    with pytest.raises(UnsupportedModelError, match="sparse"):
        read_columns(FunctionTransformer(np.exp).fit(X), is_sparse=True)
