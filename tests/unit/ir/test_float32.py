from __future__ import annotations

import math

import numpy as np
import pytest
import xgboost

from procgen.backends.duckdb import DUCKDB
from procgen.backends.postgres import POSTGRES
from procgen.errors import LimitError
from procgen.ir import float32
from procgen.ir.expressions import Column, Comparison, Element, Reference, Threshold
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field
from procgen.passes import lower

RANDOM = np.random.default_rng(0)
ULPS_OF_EXPF = 2
SPREAD = np.concatenate(
    [RANDOM.normal(size=3000) * 5, np.linspace(-110, 110, 3001), [0.0, -0.0, 88.7, -88.7]]
).astype(np.float32)
AROUND_ONE_HALF = np.arange(
    np.float32(8.9e-8).view(np.int32), np.float32(9.0e-8).view(np.int32), 37, dtype=np.int32
).view(np.float32)


def transformed(objective, margins, **options):
    """What XGBoost makes of margins, without a tree in between."""
    rows = xgboost.DMatrix(np.zeros((len(margins), 1)), label=np.zeros(len(margins)))
    model = xgboost.train({"objective": objective, "nthread": 1, **options}, rows, 0)
    given = xgboost.DMatrix(np.zeros((len(margins), 1)), base_margin=margins)
    return model.predict(given)


def ulps(ours, theirs):
    ours = np.array(ours, dtype=np.float32)
    return np.abs(ours.view(np.int32).astype(int) - theirs.view(np.int32).astype(int))


@pytest.mark.parametrize(
    ("objective", "function"), [("binary:logistic", float32.expit), ("count:poisson", float32.exp)]
)
def test_links_are_xgboosts_within_expf(objective, function) -> None:
    theirs = transformed(objective, SPREAD)
    distances = ulps([function(value) for value in SPREAD.tolist()], theirs)
    assert distances.max() <= ULPS_OF_EXPF
    assert (distances == 0).mean() > 0.999


def test_labels_turn_where_xgboosts_do() -> None:
    theirs = transformed("binary:logistic", AROUND_ONE_HALF) > 0.5
    ours = np.array([float32.expit(value) > 0.5 for value in AROUND_ONE_HALF.tolist()])
    assert (ours == theirs).all()
    assert ours.any()
    assert not ours.all()


@pytest.mark.parametrize("scale", [1e-7, 1.0, 30.0])
@pytest.mark.parametrize("count", [2, 3, 20])
def test_softmax_is_xgboosts_within_expf(scale, count) -> None:
    margins = (RANDOM.normal(size=(200, count)) * scale).astype(np.float32)
    theirs = transformed("multi:softprob", margins, num_class=count)
    ours = [float32.softmax(items) for items in margins.tolist()]
    assert ulps(ours, theirs).max() <= ULPS_OF_EXPF


def test_exp_turns_infinite_and_zero_where_it_says() -> None:
    for bound, beyond in (
        (float32.EXP_IS_INFINITE, -math.inf),
        (float32.EXP_IS_ZERO, math.inf),
    ):
        inside = math.nextafter(bound, beyond)
        assert math.isfinite(float32.exp(inside))
        assert float32.exp(inside) > 0
    assert float32.exp(float32.EXP_IS_INFINITE) == math.inf
    assert float32.exp(float32.EXP_IS_ZERO) == 0.0


def float32_program(leaf):
    split = Split(0, Threshold(Comparison.LT, 0.5, DType.FLOAT32), True, 1, 2)
    tree = Tree((split, Leaf((leaf,)), Leaf((1.0,))))
    trees = Ensemble((Column("x"),), (tree, tree), (0.0,), accumulate=DType.FLOAT32)
    bindings = (Binding("trees", trees), Binding("predict", Element(Reference("trees"), 0)))
    outputs = (Output(OutputName.PREDICT, DType.FLOAT64, "predict"),)
    return Program((Field("x", DType.FLOAT64),), (), bindings, outputs)


def test_postgres_refuses_leaves_whose_float32_sum_would_raise() -> None:
    half_of_largest = 1.7e38
    lower(float32_program(half_of_largest), POSTGRES.target)
    with pytest.raises(LimitError, match="float32"):
        lower(float32_program(2 * half_of_largest), POSTGRES.target)
    lower(float32_program(2 * half_of_largest), DUCKDB.target)
