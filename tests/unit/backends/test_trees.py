"""Trees as nested CASE: which side of a split comes last, and how its condition is written."""

from __future__ import annotations

from procgen.backends.duckdb import DUCKDB
from procgen.backends.trees import Subject, TreePrinter
from procgen.ir.expressions import Column, Comparison, Membership, Test, Threshold
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree
from procgen.ir.types import DType

LOW, HIGH = Threshold(Comparison.LE, 1.0), Threshold(Comparison.LE, 2.0)
NUMBERS = (Subject("x", DType.FLOAT64, True, True), Subject("y", DType.FLOAT64, True, True))


def printed(*nodes: Node) -> str:
    ensemble = Ensemble((Column("x"), Column("y")), (Tree(nodes),), (0.0,))
    text = TreePrinter(DUCKDB, ensemble, NUMBERS).text(ensemble.trees[0], 0)
    return " ".join(text.split())


def split_twice(first: Test, second: Test, *, then: bool, feature: int = 0) -> tuple[Node, ...]:
    """A split whose missing values go left, and another where it holds or where it does not.

    The first is printed with its right side first, so `then` is the right one.
    """
    left, right = (1, 2) if then else (2, 1)
    return (
        Split(0, first, True, left, right),
        Leaf((1.0,)),
        Split(feature, second, True, 3, 4),
        Leaf((2.0,)),
        Leaf((3.0,)),
    )


def test_below_a_condition_that_was_true_a_feature_is_present():
    assert printed(*split_twice(LOW, HIGH, then=True)) == (
        "CASE WHEN -x < -1.0e0 THEN CASE WHEN x <= 2.0e0 THEN 2.0e0 ELSE 3.0e0 END ELSE 1.0e0 END"
    )


def test_where_a_condition_does_not_hold_it_may_be_missing():
    assert printed(*split_twice(LOW, HIGH, then=False)) == (
        "CASE WHEN -x < -1.0e0 THEN 1.0e0 WHEN -x < -2.0e0 THEN 3.0e0 ELSE 2.0e0 END"
    )


def test_another_feature_may_be_missing():
    assert printed(*split_twice(LOW, HIGH, then=True, feature=1)) == (
        "CASE WHEN -x < -1.0e0 THEN CASE WHEN -y < -2.0e0 THEN 3.0e0 ELSE 2.0e0 END ELSE 1.0e0 END"
    )


def test_the_higher_side_of_a_present_feature_comes_last():
    nodes = (
        Split(0, LOW, True, 1, 2),
        Leaf((1.0,)),
        Split(0, Threshold(Comparison.LE, 5.0), False, 3, 4),
        Split(0, HIGH, True, 5, 6),
        Leaf((2.0,)),
        Leaf((3.0,)),
        Leaf((4.0,)),
    )
    assert printed(*nodes) == (
        "CASE WHEN -x < -1.0e0 THEN CASE WHEN x > 5.0e0 THEN 2.0e0 "
        "WHEN x <= 2.0e0 THEN 3.0e0 ELSE 4.0e0 END ELSE 1.0e0 END"
    )


def test_what_is_in_another_list_of_categories_is_present():
    nodes = split_twice(Membership((1.0, 2.0)), Membership((3.0,)), then=True)
    assert printed(*nodes) == (
        "CASE WHEN NOT (x IN (1.0e0, 2.0e0, 'nan'::DOUBLE)) "
        "THEN CASE WHEN (x IN (3.0e0)) THEN 2.0e0 ELSE 3.0e0 END ELSE 1.0e0 END"
    )
