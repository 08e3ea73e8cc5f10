"""LightGBM's scores, bit for bit: on thresholds, beside them, near zero, on odd categories."""

from __future__ import annotations

import math
import random

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from procgen.errors import InputsError, UnfittedModelError, UnsupportedModelError
from procgen.frontends import python_answers, read_model
from procgen.frontends.lightgbm_trees import NEAR_ZERO
from procgen.ir.expressions import Function, Threshold
from procgen.ir.interpreter import admits, interpret
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble, Split
from procgen.ir.types import DType
from procgen.ir.walk import columns_of, descend, expressions
from tests.lightgbm_zoo import (
    DOUBLES,
    NAMES,
    WRAPPED,
    ZOO,
    booster,
    classifier,
    fitted,
    halves,
    numbers,
    ordered_people,
    people,
    signal,
    wishes,
)
from tests.unit.frontends.tree_parity import bits, near

RANDOM_ROWS = 300
AT_ZERO = (0.0, 5e-324, 1e-310, math.nextafter(NEAR_ZERO, 0), NEAR_ZERO, 1.1e-35)
SPECIAL = (
    *(sign * value for value in (*AT_ZERO, 1e300, math.inf, 0.3, 0.9, 1.7) for sign in (1, -1)),
    *(math.nextafter(NEAR_ZERO, 1), -math.nextafter(NEAR_ZERO, 1)),
    *(math.nan, None, 2.0**31, -(2.0**31) - 1, 2.0**32 + 1, 2.0**63, 1e10),
)
INTEGERS = (0, 1, -1, 3, 39, 40, 2**31 + 1, 2**53 + 1, -(2**63), 2**63 - 1, None)
TEXTS = ("pro", "basic", "ünï😀", "never seen", "", "low", "high", None)


def thresholds_of(program):
    found = {field.name: set() for field in program.inputs}
    ensembles = (b.value for b in program.bindings if isinstance(b.value, Ensemble))
    for ensemble in ensembles:
        for node in (node for tree in ensemble.trees for node in tree.nodes):
            if isinstance(node, Split) and isinstance(node.test, Threshold):
                (name,) = columns_of(ensemble.features[node.feature])
                found[name].add(node.test.value)
    return found


def values_of(program):
    """For each input, values at which the model may change its mind."""
    found = thresholds_of(program)
    return {field.name: choices(field.dtype, found[field.name]) for field in program.inputs}


def choices(dtype, thresholds):
    match dtype:
        case DType.BOOL:
            return [False, True, None]
        case DType.INT64:
            whole = [math.floor(v) + step for v in thresholds for step in (0, 1)]
            return [*INTEGERS, *(v for v in whole if abs(v) < 2**62)]
        case DType.TEXT:
            return list(TEXTS)
        case _:
            beside = [math.nextafter(v, to) for v in thresholds for to in (-math.inf, math.inf)]
            values = [*SPECIAL, *thresholds, *beside, *map(float, range(-1, 42)), 1.5, -2.25, 0.1]
            if dtype is DType.FLOAT64:
                return values
            with np.errstate(over="ignore"):
                return [None if v is None else float(np.float32(v)) for v in values]


def rows_of(program):
    draw = random.Random(0)
    values = values_of(program)
    base = {name: draw.choice(options) for name, options in values.items()}
    rows = [{**base, name: value} for name, options in values.items() for value in options]
    rows += [
        {name: draw.choice(options) for name, options in values.items()} for _ in range(RANDOM_ROWS)
    ]
    return rows


@pytest.mark.parametrize("name", ZOO)
def test_the_interpreter_scores_as_lightgbm_does(name):
    model, inputs, types = fitted(name)
    program = read_model(model, inputs, types).program
    rows = rows_of(program)
    rows = [row for row in rows if admits(program, row)]
    assert len(rows) > RANDOM_ROWS / 2
    got, want = interpret(program, rows), python_answers(model, program.inputs, rows)
    assert got.keys() == want.keys()
    linked = uses_functions(program)
    for output, answers in want.items():
        loose = linked and output is not OutputName.MARGIN
        for row, ours, theirs in zip(rows, got[output], answers, strict=True):
            same = is_nan(ours, theirs) or (near if loose else lambda a, b: bits(a) == bits(b))(
                ours, theirs
            )
            assert same, (output, row, ours, theirs)


def is_nan(ours, theirs):
    pair = (ours, theirs) if isinstance(theirs, tuple) else ((ours,), (theirs,))
    return any(isinstance(v, float) and math.isnan(v) for v in pair[1]) and all(
        a == b or (a != a and b != b) or near(a, b) for a, b in zip(*pair, strict=True)
    )


def uses_functions(program):
    functions = {Function.EXP, Function.EXPIT, Function.EXPIT_EACH, Function.SOFTMAX}
    functions.add(Function.SOFTPLUS)
    return any(
        getattr(part, "function", None) in functions
        for outer in expressions(program)
        for part in descend(outer)
    )


@pytest.mark.parametrize("rounds", [None, 1, 7])
def test_margins_are_those_of_predict_itself(rounds):
    model = booster(rounds=8)
    if rounds:
        model = lgb.Booster(model_str=model.model_to_string(num_iteration=rounds))
    program = read_model(model, DOUBLES).program
    X = np.random.default_rng(5).normal(size=(500, 4)) * [1, 1, 30, 1]
    rows = [dict(zip(NAMES, row, strict=True)) for row in X.tolist()]
    got = interpret(program, rows)[OutputName.MARGIN]
    assert [bits(value) for value in got] == [
        bits(value) for value in model.predict(X, raw_score=True).tolist()
    ]


@pytest.mark.parametrize("zero_as_missing", [False, True])
def test_a_number_near_zero_is_zero_and_its_neighbour_is_not(zero_as_missing):
    model = booster(zero_as_missing=zero_as_missing, rounds=20)
    program = read_model(model, DOUBLES).program
    beyond = math.nextafter(NEAR_ZERO, 1)
    points = [0.0, NEAR_ZERO, beyond, -NEAR_ZERO, -beyond, math.nan]
    rows = [{"a": point, "b": 0.5, "c": 1.0, "d": 0.1} for point in points]
    X = np.array([[row[name] for name in NAMES] for row in rows])
    want = model.predict(X, raw_score=True).tolist()
    assert interpret(program, rows)[OutputName.MARGIN] == want
    assert want[0] == want[1] == want[3]


def test_every_row_is_scored():
    program = read_model(booster(), DOUBLES).program
    assert program.requirements == ()


def test_a_categorical_column_holds_whole_numbers_unless_declared_otherwise():
    assert [field.dtype for field in read_model(booster(), NAMES).program.inputs] == [
        *(DType.FLOAT64, DType.FLOAT64, DType.INT64, DType.FLOAT64)
    ]


def test_pandas_categories_are_inputs_of_their_own_type():
    program = read_model(fitted("regressor").model).program
    assert {field.name: field.dtype for field in program.inputs} == {
        "mean_radius": DType.FLOAT64,
        "plan": DType.TEXT,
        "children": DType.FLOAT64,
        "zip": DType.INT64,
        "member": DType.BOOL,
        "rate": DType.FLOAT64,
        "debt": DType.FLOAT64,
    }


def test_names_may_be_given_with_the_spaces_that_lightgbm_drops():
    model = fitted("regressor").model
    columns = list(people().columns)
    assert [field.name for field in read_model(model, columns).program.inputs] == columns
    by_type = {"plan": "text"} | dict.fromkeys(reversed(columns))
    given = {name: kind or "float64" for name, kind in by_type.items()}
    given |= {"plan": "text", "zip": "int64", "member": "bool"}
    assert [field.name for field in read_model(model, given).program.inputs] == columns
    with pytest.raises(InputsError, match="mean_diameter"):
        read_model(model, ["mean diameter", *columns[1:]])


@pytest.mark.parametrize("model", [booster(), lgb.LGBMRegressor(**WRAPPED)])
def test_made_up_names_are_asked_for(model):
    if not isinstance(model, lgb.Booster):
        model.fit(numbers(), signal())
    with pytest.raises(InputsError, match=r"without column names.*4 columns.*--inputs"):
        read_model(model)


def test_levels_that_may_be_of_several_columns_are_refused():
    frame = ordered_people().assign(cars=people()["children"])
    model = lgb.LGBMRegressor(**WRAPPED).fit(frame, wishes())
    with pytest.raises(UnsupportedModelError, match=r"levels of 5 pandas columns.*as text"):
        read_model(model)
    declared = {"plan": DType.TEXT, "size": DType.TEXT}
    assert read_model(model, types=declared).program.inputs[-2].name == "size"


def test_levels_that_no_database_holds_are_refused():
    frame = people().assign(when=pd.cut(people()["mean radius"], 3))
    data = lgb.Dataset(frame, wishes())
    model = lgb.train({"verbose": -1}, data, 1, keep_training_booster=True)
    with pytest.raises(UnsupportedModelError, match="categories cannot be saved"):
        read_model(model)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: classifier(halves, pred_early_stop=True), "pred_early_stop=True"),
        (lambda: classifier(lambda w: w > w.max()), "trained on one class"),
        (lambda: booster("binary", sigmoid=0.123456789), "more digits than LightGBM saves"),
    ],
)
def test_what_python_would_compute_otherwise_is_refused(model, message):
    trained = model()
    inputs = NAMES if isinstance(trained, lgb.Booster) else None
    with pytest.raises(UnsupportedModelError, match=message):
        read_model(trained, inputs)


def test_an_unfitted_wrapper_is_refused():
    with pytest.raises(UnfittedModelError, match="LGBMRanker has not been trained"):
        read_model(lgb.LGBMRanker())


def test_a_booster_without_trees_is_refused():
    model = lgb.Booster(params={"verbose": -1}, train_set=lgb.Dataset(numbers(), signal()))
    with pytest.raises(UnfittedModelError, match="has no trees"):
        read_model(model, NAMES)


def test_versions_and_class_names_tell_the_library():
    source = read_model(fitted("classifier of text").model)
    assert source.class_names == ("lightgbm.sklearn.LGBMClassifier",)
    assert source.versions == {"lightgbm": lgb.__version__}
    assert source.exact


def test_a_booster_answers_probabilities_and_its_wrapper_labels():
    wrapper = fitted("classifier of text").model
    assert [o.name.value for o in read_model(wrapper).program.outputs] == [
        *("margin", "proba", "predict")
    ]
    outputs = {o.name.value: o.type for o in read_model(wrapper.booster_).program.outputs}
    assert outputs == {"margin": DType.FLOAT64, "predict": DType.FLOAT64}
