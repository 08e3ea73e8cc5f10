"""One split of any kind and any value of its column: LightGBM and the interpreter agree."""

from __future__ import annotations

import math

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from procgen.frontends import read_model
from procgen.frontends.lightgbm_dump import text_of_dump
from procgen.frontends.lightgbm_trees import NEAR_ZERO
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType

BEYOND = math.nextafter(NEAR_ZERO, 1)
EDGES = [
    *(sign * value for value in (0.0, 5e-324, 1e-40, NEAR_ZERO, BEYOND, 1.0) for sign in (1, -1)),
    *(math.nextafter(NEAR_ZERO, 0), -math.nextafter(NEAR_ZERO, 0)),
]
numbers = st.one_of(st.sampled_from(EDGES), st.floats(allow_nan=False, allow_infinity=False))
inputs = st.one_of(st.sampled_from([*EDGES, math.nan, math.inf, -math.inf]), st.floats())


def split(**test):
    leaves = ({"leaf_index": i, "leaf_value": v} for i, v in enumerate((1.0, 2.0)))
    left, right = leaves
    return {"split_index": 0, "split_feature": 0, "left_child": left, "right_child": right} | test


def dump(*structures, objective="regression", width=1):
    return {
        "version": "v4",
        "num_class": width,
        "num_tree_per_iteration": width,
        "label_index": 0,
        "max_feature_idx": 0,
        "objective": objective,
        "feature_names": ["x"],
        "feature_infos": {},
        "tree_info": [
            {"num_leaves": 1 + ("left_child" in one), "shrinkage": 1, "tree_structure": one}
            for one in structures
        ],
    }


def check(model, values):
    program = read_model(model, {"x": DType.FLOAT64}).program
    want = model.predict(np.array(values).reshape(-1, 1), raw_score=True).tolist()
    assert interpret(program, [{"x": value} for value in values])[OutputName.MARGIN] == want


@settings(max_examples=100, deadline=None)
@given(
    threshold=numbers,
    missing=st.sampled_from(["None", "Zero", "NaN"]),
    default_left=st.booleans(),
    values=st.lists(inputs, min_size=1, max_size=20),
)
def test_a_split_on_a_number(threshold, missing, default_left, values):
    node = split(
        threshold=threshold, decision_type="<=", default_left=default_left, missing_type=missing
    )
    model = lgb.Booster(model_str=text_of_dump(dump(node)))
    near = [math.nextafter(threshold, to) for to in (-math.inf, math.inf)]
    check(model, [*values, threshold, *near, *EDGES, math.nan, math.inf, -math.inf])


@settings(max_examples=50, deadline=None)
@given(
    members=st.sets(st.integers(0, 200), min_size=1),
    missing=st.sampled_from(["None", "Zero", "NaN"]),
    values=st.lists(st.one_of(inputs, st.floats(-3, 210), st.integers(-3, 210).map(float))),
)
def test_a_split_on_categories(members, missing, values):
    threshold = "||".join(map(str, sorted(members)))
    node = split(threshold=threshold, decision_type="==", default_left=False, missing_type=missing)
    model = lgb.Booster(model_str=text_of_dump(dump(node)))
    chosen = float(min(members))
    near = [chosen, chosen + 0.999, math.nextafter(chosen, -math.inf), math.nextafter(chosen, 999)]
    check(model, [*values, *near, -0.5, 2.0**31 + chosen, 2.0**32 + chosen, math.nan, math.inf])


@settings(max_examples=60, deadline=None)
@given(
    margin=st.one_of(st.floats(-1e-14, 1e-14), st.floats(-50, 50), numbers),
    sigmoid=st.sampled_from([1.0, 0.37, 2.5]),
)
@example(margin=1.1102230246251565e-16, sigmoid=1.0)
@example(margin=1.6653345369377348e-16, sigmoid=1.0)
@example(margin=2.220446049250313e-16, sigmoid=1.0)
def test_a_binary_label_is_that_of_the_larger_rounded_probability(margin, sigmoid):
    template = lgb.LGBMClassifier(n_estimators=1, verbose=-1, n_jobs=1, min_child_samples=1)
    template.fit(np.array([[0.0], [1.0], [2.0]]), ["no", "yes", "yes"])
    leaf = {"leaf_index": 0, "leaf_value": margin}
    text = text_of_dump(dump(leaf, objective=f"binary sigmoid:{sigmoid:g}"))
    template._Booster = lgb.Booster(model_str=text)
    program = read_model(template, ["x"]).program
    want = template.predict(np.array([[0.0]])).tolist()
    assert interpret(program, [{"x": 0.0}])[OutputName.PREDICT] == want


@pytest.mark.parametrize(
    "margins", [(40.0, 39.0, 50.0), (1e-17, 2e-17, 0.0), (0.0, 0.0, -1.0), (-800.0, 1.0, 1.0)]
)
@pytest.mark.parametrize("objective", ["multiclass num_class:3", "multiclassova num_class:3"])
def test_a_label_of_many_breaks_ties_of_rounded_probabilities(margins, objective):
    template = lgb.LGBMClassifier(n_estimators=1, verbose=-1, n_jobs=1, min_child_samples=1)
    template.fit(np.array([[0.0], [1.0], [2.0]]), ["a", "b", "c"])
    options = " sigmoid:1" if "ova" in objective else ""
    leaves = [{"leaf_index": 0, "leaf_value": margin} for margin in margins]
    text = text_of_dump(dump(*leaves, objective=objective + options, width=3))
    template._Booster = lgb.Booster(model_str=text)
    program = read_model(template, ["x"]).program
    want = template.predict(np.array([[0.0]])).tolist()
    assert interpret(program, [{"x": 0.0}])[OutputName.PREDICT] == want
