from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from procgen.errors import UnsupportedModelError
from procgen.frontends.trees import preorder
from procgen.ir.expressions import Constant, Element, Reference
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble, Split
from procgen.ir.types import DType, ListType
from tests.unit.frontends.tree_parity import assert_equal, case_name, probe_rows, read

RANDOM = np.random.default_rng(0)
X = np.round(RANDOM.normal(size=(300, 4)), 2)
X[::7, 1] = X[::7, 1].astype(np.float32)
HOLED = X.copy()
HOLED[RANDOM.random(X.shape) < 0.15] = np.nan
SCORE = X[:, 0] * 2 - X[:, 1] + X[:, 2] * X[:, 3] + RANDOM.normal(size=300) * 0.3
BINARY = SCORE > 0
THREE = np.digitize(SCORE, [-1.0, 1.0])
TEXT = np.array(["low", "mid", "high"])[THREE]
PAIR = np.column_stack([THREE, (X[:, 1] > 0).astype(int)])
VALUES = np.column_stack([SCORE, X[:, 1] ** 2])

CLASSIFIERS = [
    (DecisionTreeClassifier(max_depth=5, random_state=0), BINARY),
    (DecisionTreeClassifier(max_depth=5, criterion="entropy", random_state=0), TEXT),
    (DecisionTreeClassifier(max_leaf_nodes=9, class_weight="balanced", random_state=0), THREE),
    (DecisionTreeClassifier(max_depth=4, monotonic_cst=[1, -1, 0, 0]), BINARY.astype(int)),
    (DecisionTreeClassifier(max_depth=3, ccp_alpha=0.01, random_state=0), THREE.astype(float)),
    (DecisionTreeClassifier(max_depth=4, random_state=0), PAIR),
    (DecisionTreeClassifier(random_state=0), np.zeros(300, dtype=int)),
    (ExtraTreeClassifier(max_depth=6, random_state=0), TEXT),
    (ExtraTreeClassifier(max_depth=6, splitter="best", random_state=0), BINARY),
    (RandomForestClassifier(12, max_depth=6, random_state=0), BINARY),
    (RandomForestClassifier(12, max_leaf_nodes=11, random_state=0), TEXT),
    (RandomForestClassifier(8, max_depth=4, criterion="log_loss", random_state=0), PAIR),
    (RandomForestClassifier(1, max_depth=4, bootstrap=False, random_state=0), THREE),
    (ExtraTreesClassifier(12, max_depth=6, random_state=0), THREE),
    (ExtraTreesClassifier(5, max_depth=6, bootstrap=True, random_state=0), BINARY),
]
REGRESSORS = [
    (DecisionTreeRegressor(max_depth=5, random_state=0), SCORE),
    (DecisionTreeRegressor(max_depth=4, criterion="absolute_error", random_state=0), SCORE),
    (DecisionTreeRegressor(max_leaf_nodes=14, criterion="poisson", random_state=0), np.exp(SCORE)),
    (DecisionTreeRegressor(max_depth=5, random_state=0), VALUES),
    (ExtraTreeRegressor(max_depth=6, random_state=0), SCORE),
    (ExtraTreeRegressor(max_depth=6, splitter="best", random_state=0), SCORE),
    (RandomForestRegressor(12, max_depth=6, random_state=0), SCORE),
    (RandomForestRegressor(7, max_leaf_nodes=11, max_features=2, random_state=0), VALUES),
    (RandomForestRegressor(7, max_depth=5, monotonic_cst=[1, 0, 0, -1], random_state=0), SCORE),
    (ExtraTreesRegressor(9, max_depth=6, random_state=0), SCORE),
]


@pytest.mark.parametrize(("model", "y"), CLASSIFIERS + REGRESSORS, ids=case_name)
def test_scores_equal_sklearn_bit_for_bit(model, y) -> None:
    model.fit(X, y)
    program = read(model)
    scored, refused = assert_equal(model, program, probe_rows(program, X))
    assert scored > 40
    assert refused > 0


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (model, y)
        for model, y in CLASSIFIERS + REGRESSORS
        if model.__sklearn_tags__().input_tags.allow_nan
        and getattr(model, "monotonic_cst", 1) is None
    ],
    ids=case_name,
)
def test_scores_of_models_trained_with_nan_equal_sklearn_bit_for_bit(model, y) -> None:
    if getattr(model, "criterion", "") == "absolute_error":
        model.set_params(criterion="squared_error")
    model.fit(HOLED, y)
    program = read(model)
    scored, _ = assert_equal(model, program, probe_rows(program, HOLED))
    assert scored > 40


def test_a_split_between_missing_and_present_has_an_infinite_threshold() -> None:
    column = np.array([[np.nan], [np.nan], [1.0], [2.0], [3.0]])
    model = DecisionTreeRegressor().fit(column, [5.0, 5.0, 1.0, 1.0, 1.0])
    program = read(model)
    root = program.binding("trees").trees[0].nodes[0]
    assert math.isinf(root.test.value)
    assert_equal(model, program, probe_rows(program, column))


def test_a_tree_trained_without_nan_sends_it_where_the_node_says() -> None:
    model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, SCORE)
    program = read(model)
    row = {"x0": math.nan, "x1": None, "x2": math.nan, "x3": 0.5}
    want = model.predict([[math.nan, math.nan, math.nan, 0.5]])[0]
    assert interpret(program, [row])[OutputName.PREDICT] == [want]


def test_a_leaf_of_negative_zero_stays_negative_zero() -> None:
    model = DecisionTreeRegressor(criterion="absolute_error").fit([[0.0], [1.0]], [-0.0, 4.0])
    program = read(model)
    assert_equal(model, program, [{"x0": 0.0}, {"x0": 1.0}])


def test_best_first_trees_are_renumbered_in_preorder() -> None:
    model = DecisionTreeRegressor(max_leaf_nodes=20, random_state=0).fit(X, SCORE)
    left, right = model.tree_.children_left.tolist(), model.tree_.children_right.tolist()
    assert preorder(left, right) != list(range(len(left)))
    nodes = read(model).binding("trees").trees[0].nodes
    splits = [(place, node) for place, node in enumerate(nodes) if isinstance(node, Split)]
    assert all(node.left == place + 1 for place, node in splits)


def test_a_binary_forest_has_two_fractions_as_its_margin_and_the_second_as_its_proba() -> None:
    program = read(RandomForestClassifier(3, max_depth=2, random_state=0).fit(X, BINARY))
    assert program.output(OutputName.MARGIN).type == ListType(DType.FLOAT64)
    assert program.output(OutputName.PROBA).type is DType.FLOAT64
    assert program.output(OutputName.PREDICT).type is DType.BOOL
    assert program.binding("proba") == Element(Reference("trees"), 1)
    assert isinstance(program.binding("trees"), Ensemble)
    assert program.binding("trees").divisor == 3.0


def test_labels_keep_their_order_and_type() -> None:
    model = DecisionTreeClassifier(max_depth=2).fit(X, TEXT)
    options = read(model).binding("predict").options
    assert options == tuple(Constant(label, DType.TEXT) for label in ("high", "low", "mid"))


def test_a_tie_gives_the_first_class() -> None:
    model = DecisionTreeClassifier(max_depth=1).fit([[0.0], [0.0]], ["b", "a"])
    assert interpret(read(model), [{"x0": 0.0}])[OutputName.PREDICT] == ["a"]


def test_integer_and_boolean_columns_are_numbers() -> None:
    whole = np.column_stack([RANDOM.integers(-5, 5, 200), RANDOM.integers(0, 2, 200)])
    model = RandomForestRegressor(5, max_depth=4, random_state=0).fit(whole, whole[:, 0])
    program = read(model, {"x0": DType.INT64, "x1": DType.BOOL})
    rows = [{"x0": a, "x1": b} for a in range(-6, 7) for b in (False, True, None)]
    assert_equal(model, program, [*rows, {"x0": None, "x1": True}])


def test_a_text_column_is_refused_by_name() -> None:
    model = DecisionTreeRegressor(max_depth=1).fit(X, SCORE)
    with pytest.raises(UnsupportedModelError, match="x2"):
        read(model, {"x2": DType.TEXT})
