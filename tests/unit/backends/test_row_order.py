"""The order of rows follows the thresholds that most rows are tested on, and costs no score."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procgen.backends.row_order import DEPTH, RowOrder, row_order
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Column,
    Comparison,
    Constant,
    Expr,
    Membership,
    Threshold,
)
from procgen.ir.interpreter import reach_leaf
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field
from tests.property.test_ensembles import trees

FEATURES = (Column("a"), Column("b"), Column("c"))
PREDICT = (Output(OutputName.PREDICT, "predict", DType.FLOAT64),)


def at_most(feature: int, threshold: float) -> Tree:
    test = Threshold(Comparison.LE, threshold)
    return Tree((Split(feature, test, True, 1, 2), Leaf((1.0,)), Leaf((2.0,))))


def ensemble(*trees: Tree, features: tuple[Expr, ...] = FEATURES) -> Ensemble:
    return Ensemble(features, trees, (0.0,))


def forests(features: int) -> st.SearchStrategy[list[Tree]]:
    """Trees that test so many features on one of a few thresholds."""
    values = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0, math.inf])
    tests = st.builds(Threshold, st.sampled_from(Comparison), values)
    kinds, leaf = [DType.FLOAT64] * features, st.just(1.0)
    return st.lists(trees(kinds, 1, leaf, tests=lambda _: tests), min_size=1, max_size=6)


def cell(order: RowOrder, value: float) -> float:
    """The cell of a row that has this value first."""
    return reach_leaf(order.cells.trees[0], [value, 0.0, 0.0]).values[0]


def test_a_cell_for_each_part_between_the_thresholds():
    order = RowOrder.of(ensemble(at_most(0, 1.0), at_most(0, 2.0)))
    assert [cell(order, value) for value in (0.5, 1.5, 2.5)] == [0.0, 1.0, 2.0]
    assert (order.before, order.after) == (2.0, 0.0)


def test_the_feature_that_most_rows_are_tested_on_comes_first():
    order = RowOrder.of(ensemble(at_most(0, 0.0), *(at_most(1, float(at)) for at in range(5))))
    root = order.cells.trees[0].nodes[0]
    assert isinstance(root, Split)
    assert (root.feature, root.test) == (1, Threshold(Comparison.LE, 2.0))


def test_cells_are_numbered_from_left_to_right_and_fit_into_a_byte():
    many = ensemble(*(at_most(at % 3, float(at)) for at in range(300)))
    (tree,) = RowOrder.of(many).cells.trees
    leaves = [node.values[0] for node in tree.nodes if isinstance(node, Leaf)]
    assert leaves == [float(number) for number in range(2**DEPTH)]


@given(forests(features=1))
def test_rows_of_a_cell_go_the_same_way_where_no_test_is_left_open(forest):
    order = RowOrder.of(ensemble(*forest))
    assert order.after == 0
    ways: dict[float, set[tuple[int, ...]]] = {}
    for value in (-3.0, -1.5, -0.5, 0.25, 0.75, 2.0, 4.0):
        leaves = tuple(id(reach_leaf(tree, [value])) for tree in forest)
        ways.setdefault(cell(order, value), set()).add(leaves)
    assert all(len(way) == 1 for way in ways.values())


@given(forests(features=3))
def test_an_order_leaves_fewer_tests_open(forest):
    order = RowOrder.of(ensemble(*forest))
    assert 0 <= order.after <= order.before
    assert (order.after < order.before) is (len(order.cells.trees[0].nodes) > 1)


def test_no_order_by_anything_but_the_number_of_a_column():
    categories = Split(1, Membership((1.0,)), False, 1, 2)
    computed = Binary(BinaryOp.ADD, Column("a"), Constant(1.0, DType.FLOAT64))
    forest = ensemble(
        at_most(0, 1.0),
        Tree((categories, Leaf((1.0,)), Leaf((2.0,)))),
        features=(computed, Column("b")),
    )
    order = RowOrder.of(forest)
    assert order.cells.trees[0].nodes == (Leaf((0.0,)),)
    assert (order.before, order.after) == (0.0, 0.0)


def test_infinite_thresholds_part_nothing():
    order = RowOrder.of(ensemble(at_most(0, math.inf), at_most(1, -math.inf)))
    assert order.cells.trees[0].nodes == (Leaf((0.0,)),)


@pytest.mark.parametrize(("splits", "is_worth_it"), [(4, False), (40, True)])
def test_sorting_must_pay_for_itself(splits, is_worth_it):
    forest = ensemble(*(at_most(0, float(at)) for at in range(splits)))
    fields = tuple(Field(name, DType.FLOAT64, nullable=True) for name in "abc")
    program = Program(fields, (), (Binding("predict", forest),), PREDICT)
    assert (row_order(program) is not None) is is_worth_it
