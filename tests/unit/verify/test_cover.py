from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from procgen.backends.duckdb import DUCKDB
from procgen.frontends import read_model
from procgen.ir.expressions import (
    Branch,
    Column,
    Comparison,
    Constant,
    Interval,
    Membership,
    Reference,
    Threshold,
    Unary,
    UnaryOp,
)
from procgen.ir.interpreter import admits, is_missing, passes
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field, ListType
from procgen.passes import lower
from procgen.verify.cover import cover_rows
from procgen.verify.coverage import Leaf as Place
from procgen.verify.coverage import Side, measure
from tests import lightgbm_zoo, models_zoo, xgboost_zoo

LE, LT = Comparison.LE, Comparison.LT


def program(nodes, *, dtype=DType.FLOAT64, features=None, requirements=()):
    ensemble = Ensemble(tuple(features or [Column("x")]), (Tree(tuple(nodes)),), (0.0,))
    return Program(
        (Field("x", dtype),),
        tuple(requirements),
        (Binding("trees", ensemble), Binding("margin", Reference("trees"))),
        (Output(OutputName.MARGIN, ListType(DType.FLOAT64), "margin"),),
    )


def below(value, left, right, *, op=LE, missing_left=False, precision=DType.FLOAT64):
    return Split(0, Threshold(op, value, precision), missing_left, left, right)


def leaf(value):
    return Leaf((float(value),))


def covered(model):
    return measure(model, cover_rows(model))


def test_both_sides_and_the_missing_side_are_reached():
    found = covered(program([below(1.5, 1, 2), leaf(0), leaf(1)]))
    assert (found.leaves, found.reached, found.sides, found.reached_sides) == (2, 2, 3, 3)
    assert found.missed == found.unreachable == ()
    assert found.floor == 2


def test_a_side_between_two_neighbouring_doubles_is_unreachable():
    above = math.nextafter(1.0, 2)
    found = covered(
        program([below(1.0, 1, 2), leaf(0), below(above, 3, 4, op=LT), leaf(1), leaf(2)])
    )
    assert found.unreachable == (Place("trees", 0, 3),)
    assert found.unreachable_sides == (Side("trees", 0, 2, "left"),)
    assert found.missed == found.missed_sides == ()


def test_what_lies_between_two_doubles_is_told_from_what_is_between_two_singles():
    above = math.nextafter(1.0, 2)
    nodes = [below(1.0, 1, 2), leaf(0), below(above, 3, 4), leaf(1), leaf(2)]
    assert covered(program(nodes)).unreachable_sides == ()
    narrow = covered(program(nodes, dtype=DType.FLOAT32))
    assert narrow.unreachable == (Place("trees", 0, 3),)


def test_an_integer_column_has_nothing_between_two_integers():
    nodes = [
        below(3, 1, 2, precision=DType.INT64),
        leaf(0),
        below(4, 3, 4, precision=DType.INT64, op=LT),
        leaf(1),
        leaf(2),
    ]
    assert covered(program(nodes, dtype=DType.INT64)).unreachable == (Place("trees", 0, 3),)


def test_the_largest_and_the_smallest_value_are_reached_where_nothing_else_is():
    nodes = [
        below(-math.inf, 1, 2),
        leaf(0),
        below(math.inf, 3, 4, op=LT),
        leaf(1),
        leaf(2),
    ]
    model = program(nodes)
    assert covered(model).missed == covered(model).unreachable == ()
    assert {row["x"] for row in cover_rows(model)} >= {-math.inf, math.inf}


def test_zero_and_minus_zero_are_one_value():
    found = covered(program([below(-0.0, 1, 2), leaf(0), below(0.0, 3, 4), leaf(1), leaf(2)]))
    assert found.unreachable == (Place("trees", 0, 3),)


def test_a_leaf_of_refused_rows_is_unreachable():
    present = Requirement(Column("x"), Interval(0.0, 9.0), accepts_missing=False, reason="odd")
    nodes = [below(0.0, 1, 2, op=LT), leaf(0), below(9.0, 3, 4), leaf(1), leaf(2)]
    model = program(nodes, requirements=[present])
    found = covered(model)
    assert found.unreachable == (Place("trees", 0, 1), Place("trees", 0, 4))
    assert found.sides == 4  # no split of a column that is never missing has a missing side
    assert all(admits(model, row) for row in cover_rows(model))


def test_texts_are_in_a_set_or_in_none():
    test = Membership(("a", "b"))
    nodes = [
        Split(0, test, True, 1, 2),
        Split(0, Membership(("b",)), False, 3, 4),
        Split(0, Membership(("a",)), False, 5, 6),
        *map(leaf, range(4)),
    ]
    found = covered(program(nodes, dtype=DType.TEXT))
    assert found.unreachable == (Place("trees", 0, 5),)
    assert found.missed == found.missed_sides == ()


def test_a_value_that_stands_for_missing_reaches_the_missing_side():
    """As XGBoost's `missing=-999` is compiled; -999 is then the row, not NULL alone."""
    nothing = Constant(None, DType.FLOAT64)
    marked = Branch(Column("x"), Membership((-999.0,)), nothing, Column("x"), nothing)
    nodes = [
        below(5.0, 1, 2),
        below(-999.0, 3, 4),
        leaf(0),
        below(-999.0, 5, 6, op=LT),
        leaf(1),
        leaf(2),
        leaf(3),
    ]
    found = covered(program(nodes, features=[marked]))
    assert found.missed == found.missed_sides == ()
    assert Place("trees", 0, 6) in found.unreachable


def test_a_truncated_column_is_followed_to_the_column():
    cut = Unary(UnaryOp.TRUNCATE, Column("x"))
    nodes = [
        Split(0, Membership((3.0, 7.0)), False, 1, 2),
        below(3.0, 3, 4),
        leaf(0),
        leaf(1),
        below(6.0, 5, 6),
        leaf(2),
        leaf(3),
    ]
    found = covered(program(nodes, features=[cut]))
    assert found.missed == found.missed_sides == ()
    assert found.unreachable == (Place("trees", 0, 5),)


def test_rows_are_the_same_on_every_call():
    model = read_model(models_zoo.fitted("RandomForestRegressor").model).program
    assert list(map(repr, cover_rows(model))) == list(map(repr, cover_rows(model)))
    assert list(map(repr, cover_rows(model))) != list(map(repr, cover_rows(model, seed=1)))


def test_a_tree_of_one_leaf_is_reached_by_a_row():
    found = covered(program([leaf(3)]))
    assert (found.leaves, found.reached, found.rows) == (1, 1, 1)


def test_a_model_without_trees_has_nothing_to_reach():
    found = measure(read_model(models_zoo.fitted("Ridge").model).program, [])
    assert (found.leaves, found.share, found.share_of_sides) == (0, 1.0, 1.0)


def test_rows_that_are_left_out_are_missed():
    model = program([below(1.5, 1, 2), leaf(0), leaf(1)])
    found = measure(model, [{"x": 1.0}, {"x": math.nan}])
    assert found.missed == ()
    assert found.missed_sides == (Side("trees", 0, 0, "right"),)
    assert found.as_json()["missed_sides"] == [["trees", 0, 0, "right"]]
    assert measure(model, [{"x": 1.0}]).missed == (Place("trees", 0, 2),)


def test_a_refused_row_reaches_nothing():
    present = Requirement(Column("x"), Interval(0.0, 9.0), accepts_missing=False, reason="odd")
    model = program([below(1.5, 1, 2), leaf(0), leaf(1)], requirements=[present])
    assert measure(model, [{"x": 10.0}, {"x": None}]).reached == 0


def interpreted(model, rows):
    """The leaves that rows fall into, walked one at a time on the Program as it was read."""
    found = set()
    for row in rows:
        for binding in model.bindings:
            if not isinstance(binding.value, Ensemble):
                continue
            for number, tree in enumerate(binding.value.trees):
                place = 0
                while isinstance(node := tree.nodes[place], Split):
                    value = row[binding.value.features[node.feature].name]
                    left = node.default_left if is_missing(value) else passes(node.test, value)
                    place = node.left if left else node.right
                found.add((binding.name, number, place))
    return found


@pytest.mark.parametrize("name", ["RandomForestClassifier-missing", "DecisionTree-deep"])
def test_the_leaves_are_those_that_the_interpreter_comes_to(name):
    model = lower(read_model(models_zoo.fitted(name).model).program, DUCKDB.target)
    rows = cover_rows(model)
    found = interpreted(model, rows)
    leaves = {
        (binding.name, number, place)
        for binding in model.bindings
        if isinstance(binding.value, Ensemble)
        for number, tree in enumerate(binding.value.trees)
        for place, node in enumerate(tree.nodes)
        if isinstance(node, Leaf)
    }
    assert found == leaves
    for row in rows:
        assert measure(model, [row]).reached == len(interpreted(model, [row]))


def bounds_contradict(model, place):
    """Whether the thresholds above a leaf leave no double, by exact fractions and no missing."""
    ensemble = model.binding(place.binding)
    nodes = ensemble.trees[place.tree].nodes
    child, lows, highs, members = place.node, {}, {}, {}
    for parent in reversed(range(place.node)):
        node = nodes[parent]
        if not isinstance(node, Split) or child not in (node.left, node.right):
            continue
        left = child == node.left
        if isinstance(node.test, Threshold):
            ends = highs if left else lows
            ends.setdefault(node.feature, []).append(Fraction(node.test.value))
        else:
            members.setdefault(node.feature, []).append((left, set(node.test.categories)))
        child = parent
    numbers = any(max(lows[f]) >= min(highs[f]) for f in lows.keys() & highs.keys())
    texts = False
    for tests in members.values():
        inside = [found for left, found in tests if left]
        outside = set().union(*(found for left, found in tests if not left))
        texts |= bool(inside) and not set.intersection(*inside) - outside
    return numbers or texts


UNREACHABLE = [
    *(("models", name) for name in ("Pipeline-boosting-dense", "HistGradientBoosting-categories")),
    ("lightgbm", "multiclass"),
    *(("xgboost", name) for name in ("three classes", "categories in sets")),
]


@pytest.mark.parametrize(("zoo", "name"), UNREACHABLE)
def test_what_is_called_unreachable_contradicts_itself(zoo, name):
    if zoo == "models":
        source = read_model(models_zoo.fitted(name).model, types=models_zoo.fitted(name).types)
    elif zoo == "lightgbm":
        source = read_model(*lightgbm_zoo.fitted(name))
    else:
        model = xgboost_zoo.fitted(name)
        source = read_model(model, xgboost_zoo.inputs_of(model))
    lowered = lower(source.program, DUCKDB.target)
    found = covered(lowered)
    assert found.missed == found.missed_sides == ()
    for place in found.unreachable:
        assert bounds_contradict(lowered, place)


def test_a_forest_needs_about_the_rows_of_its_largest_tree_and_not_of_all():
    random = np.random.default_rng(0)
    table = random.normal(size=(3_000, 10))
    target = table.sum(axis=1) + random.normal(size=3_000)
    forest = RandomForestRegressor(20, max_depth=8, max_features=3, random_state=0)
    model = read_model(forest.fit(table, target), list("abcdefghij")).program
    found = covered(model)
    assert found.missed == found.missed_sides == ()
    assert found.leaves > 4_000
    assert found.floor <= found.rows < found.leaves / 4


def test_one_tree_needs_no_more_rows_than_sides():
    table = np.random.default_rng(0).normal(size=(200, 2))
    tree = DecisionTreeRegressor(random_state=0).fit(table, table[:, 0] * table[:, 1])
    found = covered(read_model(tree, ["a", "b"]).program)
    assert found.missed == found.missed_sides == ()
    assert found.rows <= found.floor + found.sides // 3
