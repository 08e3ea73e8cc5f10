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
from procgen.ir.interpreter import passes
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree
from procgen.ir.types import DType, Field

FEATURES = (Column("a"), Column("b"), Column("c"))
PREDICT = (Output(OutputName.PREDICT, "predict", DType.FLOAT64),)


def at_most(feature: int, threshold: float) -> Tree:
    test = Threshold(Comparison.LE, threshold)
    return Tree((Split(feature, test, True, 1, 2), Leaf((1.0,)), Leaf((2.0,))))


def ensemble(*trees: Tree, features: tuple[Expr, ...] = FEATURES) -> Ensemble:
    return Ensemble(features, trees, (0.0,))


def walked(tree: Tree, row: list[float]) -> float:
    """The first value of the leaf that a row reaches."""
    place = 0
    while isinstance(node := tree.nodes[place], Split):
        place = node.left if passes(node.test, row[node.feature]) else node.right
    return node.values[0]


@st.composite
def trees(draw: st.DrawFn, features: int) -> Tree:
    """A tree of up to seven splits."""
    nodes: list[Node | None] = []
    waiting = [(0, -1)]
    sides: dict[int, list[int]] = {}
    while waiting:
        level, parent = waiting.pop()
        place = len(nodes)
        if parent >= 0:
            sides.setdefault(parent, []).append(place)
        nodes.append(None)
        if level < 3 and draw(st.booleans()):
            waiting += [(level + 1, place), (level + 1, place)]
    for place in range(len(nodes)):
        if place not in sides:
            nodes[place] = Leaf((float(place),))
            continue
        test = Threshold(
            draw(st.sampled_from(list(Comparison))),
            draw(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0, math.inf])),
        )
        nodes[place] = Split(
            draw(st.integers(0, features - 1)), test, draw(st.booleans()), *sides[place]
        )
    return Tree(tuple(node for node in nodes if node is not None))


def test_a_cell_for_each_part_between_the_thresholds():
    order = RowOrder.of(ensemble(at_most(0, 1.0), at_most(0, 2.0)))
    numbers = [walked(order.cells.trees[0], [value, 0.0, 0.0]) for value in (0.5, 1.5, 2.5)]
    assert numbers == [0.0, 1.0, 2.0]
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


@given(st.lists(trees(features=1), min_size=1, max_size=6))
def test_rows_of_a_cell_go_the_same_way_where_no_test_is_left_open(forest):
    order = RowOrder.of(ensemble(*forest))
    assert order.after == 0
    ways: dict[float, set[tuple[float, ...]]] = {}
    for value in (-3.0, -1.5, -0.5, 0.25, 0.75, 2.0, 4.0):
        row = [value, 0.0, 0.0]
        cell = walked(order.cells.trees[0], row)
        ways.setdefault(cell, set()).add(tuple(walked(tree, row) for tree in forest))
    assert all(len(way) == 1 for way in ways.values())


@given(st.lists(trees(features=3), min_size=1, max_size=6))
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
