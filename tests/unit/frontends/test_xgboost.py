from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.ensemble import StackingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from procgen.backends.duckdb import DUCKDB
from procgen.errors import InputsError, UnfittedModelError, UnsupportedModelError
from procgen.frontends import python_answers, read_model
from procgen.ir.float32 import HALF_OF_RANGE, to_float32
from procgen.ir.interpreter import LARGEST_FLOAT32, interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType
from procgen.passes import lower
from procgen.verify import probe_rows
from procgen.verify.bits import same_bits, ulps_apart
from tests.unit.frontends.tree_parity import SPECIAL_NUMBERS
from tests.xgboost_zoo import (
    BINARY,
    CATEGORICAL,
    FRAME,
    MIXED,
    MIXED_SCORE,
    NAMES,
    NUMBERS,
    SCORE,
    SMALL,
    ZOO,
    classifier,
    fitted,
    inputs_of,
    regressor,
)

LINK_ULPS = 4
"""How far expf() of the C library, or SciPy's softmax, may be from a rounded exp() in float32."""


def read(model, types=None):
    return read_model(model, inputs_of(model), types).program


def predictions(model, rows):
    return interpret(read(model), rows)[OutputName.PREDICT]


def with_leaves(model, leaves):
    """The same wrapper with one tree of one split at age < 0 and these leaves."""
    document = json.loads(bytes(model.get_booster().save_raw("json")))
    forest = document["learner"]["gradient_booster"]["model"]
    size = len(leaves)
    forest["trees"] = [stump(*pair, number) for number, pair in enumerate(leaves)]
    forest["tree_info"] = list(range(size)) if size > 1 else [0]
    forest["iteration_indptr"] = [0, size]
    forest["gbtree_model_param"] = {"num_parallel_tree": "1", "num_trees": str(size)}
    document["learner"]["learner_model_param"]["base_score"] = "[" + ",".join(["5E-1"] * size) + "]"
    copy = type(model)(n_jobs=1)
    copy.load_model(bytearray(json.dumps(document), "utf-8"))
    return copy


def stump(first, second, number):
    zeros = [0.0, 0.0, 0.0]
    return {
        "base_weights": zeros,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "default_left": [1, 0, 0],
        "id": number,
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "parents": [2147483647, 0, 0],
        "loss_changes": zeros,
        "sum_hessian": [1.0, 1.0, 1.0],
        "split_conditions": [0.0, first, second],
        "split_indices": [0, 0, 0],
        "split_type": [0, 0, 0],
        "tree_param": {
            "num_deleted": "0",
            "num_feature": "3",
            "num_nodes": "3",
            "size_leaf_vector": "1",
        },
    }


def with_weights(weights):
    """The linear model with other weights, the last of which is the bias."""
    document = json.loads(bytes(fitted("linear").get_booster().save_raw("json")))
    document["learner"]["gradient_booster"]["model"]["weights"] = weights
    return xgboost.Booster(model_file=bytearray(json.dumps(document), "utf-8"))


def row(age, fee=0.0, size=0.0):
    return {"age": age, "fee": fee, "size": size}


@pytest.mark.parametrize("name", ZOO)
def test_margins_and_labels_equal_xgboost_bit_for_bit(name) -> None:
    model = fitted(name)
    program = read(model)
    rows = probe_rows(program, limit=400)
    want = python_answers(model, program.inputs, rows)
    got = interpret(program, rows)
    assert got.keys() == want.keys()
    labels = program.output(OutputName.PREDICT).type in (DType.INT64, DType.TEXT)
    for output in want:
        exact = output is OutputName.MARGIN or (output is OutputName.PREDICT and labels)
        for place, (ours, theirs) in enumerate(zip(got[output], want[output], strict=True)):
            if exact:
                assert same_bits(ours, theirs), (output, rows[place])
            else:
                distance = ulps_apart(ours, theirs, single=True)
                assert distance is not None, (output, rows[place])
                assert distance <= LINK_ULPS, (output, rows[place])


@pytest.mark.parametrize("value", SPECIAL_NUMBERS, ids=repr)
def test_a_wrapper_scores_every_number(value) -> None:
    model = fitted("squared error")
    program = read(model)
    rows = [{**row(0.1), column: value} for column in ("age", "fee", "size")]
    answers = python_answers(model, program.inputs, rows)
    assert interpret(program, rows) == answers
    assert None not in answers[OutputName.PREDICT]


def test_a_booster_refuses_what_float32_cannot_hold() -> None:
    model = fitted("Booster")
    program = read(model)
    values = [math.inf, -math.inf, 1e300, LARGEST_FLOAT32, math.nextafter(LARGEST_FLOAT32, 0), None]
    rows = [row(value) for value in values]
    answers = python_answers(model, program.inputs, rows)
    assert interpret(program, rows) == answers
    assert [value is None for value in answers[OutputName.PREDICT]] == [True] * 4 + [False] * 2


def test_the_second_class_needs_a_float32_probability_above_one_half() -> None:
    largest_tie = 1.5 * 2.0**-24
    beside = float(np.nextafter(np.float32(largest_tie), np.float32(1)))
    model = with_leaves(fitted("two classes"), [(largest_tie, beside)])
    rows = [row(-1.0), row(1.0)]
    program = read(model)
    answers = python_answers(model, program.inputs, rows)
    assert interpret(program, rows) == answers
    assert answers[OutputName.MARGIN] == [largest_tie, beside]
    assert answers[OutputName.PREDICT] == [0, 1]


def test_margins_apart_may_tie_as_float32_probabilities() -> None:
    tie, apart = 1.0 + 2.0**-23, 1.0 + 2.0**-21
    model = with_leaves(fitted("three classes"), [(7.0, 7.0), (7.0 + tie, 7.0), (-90.0, 7.0)])
    small = with_leaves(fitted("three classes"), [(1.0, 1.0), (tie, apart), (-9.0, -9.0)])
    for candidate in (model, small):
        program = read(candidate)
        rows = [row(-1.0), row(1.0), row(None)]
        assert interpret(program, rows) == python_answers(candidate, program.inputs, rows)


def test_equal_margins_give_the_first_class() -> None:
    model = with_leaves(fitted("three classes"), [(0.5, -1.0), (0.5, 2.0), (0.5, 2.0)])
    assert predictions(model, [row(-1.0), row(1.0)]) == [0, 1]


def test_the_comparison_is_strict_and_in_float32() -> None:
    model = with_leaves(fitted("squared error"), [(1.0, 2.0)])
    beside = [0.0, -0.0, 2.0**-150, -(2.0**-150), math.nextafter(-(2.0**-150), -1.0), -1e-300]
    assert predictions(model, [row(value) for value in beside]) == [2.5, 2.5, 2.5, 2.5, 1.5, 2.5]


def test_early_stopping_counts_for_the_wrapper_and_not_for_its_booster() -> None:
    model = fitted("early stopping")
    program, whole = read(model), read(model.get_booster())
    rounds = model.get_booster().num_boosted_rounds()
    assert len(program.binding("trees").trees) == model.best_iteration + 1 < rounds
    assert len(whole.binding("trees").trees) == rounds


def test_column_types_are_those_of_the_training_frame() -> None:
    program = read(fitted("categories in sets"))
    assert {field.name: field.dtype for field in program.inputs} == {
        "age": DType.FLOAT64,
        "plan": DType.TEXT,
        "level": DType.INT64,
        "small": DType.INT64,
        "visits": DType.INT64,
        "active": DType.BOOL,
    }


def test_a_category_that_was_not_in_training_is_refused_wherever_it_sorts() -> None:
    model = fitted("categories in sets")
    known = {"age": 0.1, "plan": "pro", "level": 3, "small": 1, "visits": 2, "active": True}
    unseen = [{"plan": name} for name in ("", "PRO", "pro ", "aa", "zz")]
    unseen += [{"level": number} for number in (0, 2, 8, 2**40)]
    rows = [known, *({**known, **change} for change in unseen), {**known, "plan": None}]
    program = read(model)
    answers = python_answers(model, program.inputs, rows)
    assert interpret(program, rows) == answers
    assert [value is None for value in answers[OutputName.PREDICT]] == [
        False,
        *[True] * len(unseen),
        False,
    ]


def test_codes_that_are_no_category_go_left() -> None:
    model = fitted("codes")
    codes = [-1, 0, 1, 39, 40, 41, 63, 64, 2**24 - 1, 2**24, 2**40, None]
    rows = [{"a": 0.0, "b": code, "c": other} for code in codes for other in (0, 2, 5, None)]
    program = read(model)
    assert interpret(program, rows) == python_answers(model, program.inputs, rows)


@pytest.mark.parametrize("missing", [-999.0, 0.0, 0.1, np.inf])
def test_what_rounds_to_the_missing_value_is_missing(missing) -> None:
    model = fitted(f"missing {missing:g}")
    single = float(np.float32(missing))
    around = [single, missing, -missing]
    around += [math.nextafter(value, side) for value in around for side in (-math.inf, math.inf)]
    if math.isfinite(missing):
        around += [float(np.nextafter(np.float32(single), np.float32(s))) for s in (-1e9, 1e9)]
        around += [(single + value) / 2 for value in around[-2:]]
    rows = [row(value, size=other) for value in around for other in (0.3, single)]
    program = read(model)
    want = python_answers(model, program.inputs, rows)
    assert interpret(program, rows) == want
    assert interpret(lower(program, DUCKDB.target), rows) == want


def test_a_sparse_zero_is_missing() -> None:
    model = fitted("one-hot, sparse")
    rows = [
        {"town": town, "kind": kind, "age": age, "fee": fee}
        for town in ("a", "e", "?")
        for kind in ("x", "z")
        for age in (0.0, -0.0, 5e-324, 1.0)
        for fee in (0.0, -0.5, math.nan)
    ]
    program = read(model)
    assert interpret(program, rows) == python_answers(model, program.inputs, rows)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: classifier(np.zeros(len(FRAME), dtype=int)), "one class"),
        (lambda: regressor(MIXED_SCORE, MIXED, missing=0.0, **CATEGORICAL), "code of a category"),
        (lambda: regressor(x=MIXED.assign(plan=accented()), **CATEGORICAL), "outside ASCII"),
        (lambda: with_leaves(fitted("squared error"), [(3e38, 1.0)]), "range of float32"),
        (lambda: with_weights([math.nan, 1.0, 1.0, 0.0]), "not finite"),
        (lambda: with_weights([1.0, 1.0, 1.0, 3e38]), "too large"),
    ],
    ids=["one class", "missing code", "accents", "large leaves", "no weight", "large bias"],
)
def test_models_that_cannot_be_exact_are_refused_by_name(make, words) -> None:
    with pytest.raises(UnsupportedModelError, match=words):
        read(make())


def stacked(last, **options):
    first = [("one", xgboost.XGBRegressor(n_estimators=2, max_depth=2))]
    return StackingRegressor(first, last, cv=2, **options).fit(FRAME.fillna(0.0), SCORE)


def test_a_stack_that_python_computes_in_float32_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="LinearRegression, in float32"):
        read(stacked(LinearRegression()))
    read(stacked(LinearRegression(), passthrough=True))
    read(stacked(DecisionTreeRegressor(max_depth=2)))


def accented():
    return pd.Categorical(np.where(BINARY == 1, "café", "tea"))


def test_codes_in_a_column_of_doubles_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="declare it as int64"):
        read_model(fitted("codes"), NAMES, {"b": DType.FLOAT64})


@pytest.mark.parametrize(
    "model", [xgboost.XGBRegressor(), xgboost.Booster()], ids=["wrapper", "Booster"]
)
def test_a_model_without_training_is_refused(model) -> None:
    with pytest.raises(UnfittedModelError):
        read_model(model, NAMES)


def test_names_are_asked_for_where_training_had_none() -> None:
    with pytest.raises(InputsError, match="--inputs"):
        read_model(xgboost.XGBRegressor(**SMALL).fit(NUMBERS, SCORE))


def test_sums_stay_in_float32() -> None:
    program = read(fitted("450 trees"))
    margins = interpret(program, [row(value) for value in (-1.0, 0.0, 1.0)])[OutputName.MARGIN]
    assert all(value == to_float32(value) for value in margins)


def test_linear_sums_have_the_bits_of_the_library_in_20000_rows() -> None:
    pick = np.random.default_rng(2)
    table = pick.normal(size=(20_000, 3)) * 10.0 ** pick.integers(-3, 4, (20_000, 3))
    table[pick.random(table.shape) < 0.1] = math.nan
    frame = pd.DataFrame(table, columns=FRAME.columns)
    want = fitted("linear").predict(frame).tolist()
    assert predictions(fitted("linear"), frame.to_dict("records")) == want


def test_a_row_of_nothing_but_missing_values_has_the_bias_and_the_base_score() -> None:
    model = with_weights([1.0, 2.0, 3.0, 0.25])
    start = model.predict(xgboost.DMatrix(FRAME[:1] * math.nan)).tolist()
    assert predictions(model, [row(math.nan, None, math.nan)]) == start


def test_a_zero_weight_leaves_its_column_without_a_limit() -> None:
    lowered = lower(read(with_weights([1.0, 0.0, 1e-30, 0.0])), DUCKDB.target)
    limits = {r.subject.name: r.test.high for r in lowered.requirements}
    assert limits["age"] < HALF_OF_RANGE / 2
    assert limits["size"] == HALF_OF_RANGE
    assert limits["fee"] > HALF_OF_RANGE
