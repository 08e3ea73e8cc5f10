"""A number stands in for a missing value only where it goes the same way at every split."""

from __future__ import annotations

import math

import pytest

from procgen.backends.duckdb import DUCKDB
from procgen.backends.stand_ins import stand_ins, with_stand_ins
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Column,
    Comparison,
    Constant,
    Expr,
    Interval,
    Membership,
    Present,
    Reference,
    Threshold,
)
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field
from procgen.ir.typing import Typing

X = Column("x")
PREDICT = (Output(OutputName.PREDICT, "predict", DType.FLOAT64),)


def at_most(threshold: float, *, left: bool, op: Comparison = Comparison.LE) -> Tree:
    test = Threshold(op, threshold)
    return Tree((Split(0, test, left, 1, 2), Leaf((1.0,)), Leaf((2.0,))))


def one_of(*categories: float, left: bool) -> Tree:
    return Tree((Split(0, Membership(categories), left, 1, 2), Leaf((1.0,)), Leaf((2.0,))))


def program(
    *trees: Tree,
    feature: Expr = X,
    dtype: DType = DType.FLOAT64,
    requirements: tuple[Requirement, ...] = (),
    nullable: bool = True,
) -> Program:
    sums = Binding("predict", Ensemble((feature,), trees, (0.0,)))
    return Program((Field("x", dtype, nullable),), requirements, (sums,), PREDICT)


def found(program: Program) -> dict[str, Constant | None]:
    return dict(stand_ins(program, Typing.of(program)))


@pytest.mark.parametrize(
    ("trees", "number"),
    [
        ([at_most(-1.0, left=False), at_most(2.0, left=True)], 0.0),
        ([at_most(0.0, left=True)], 0.0),
        ([at_most(0.0, left=False, op=Comparison.LT)], 0.0),
        ([at_most(0.0, left=True, op=Comparison.LT)], -math.inf),
        ([at_most(-1.0, left=False), at_most(2.0, left=False)], math.inf),
        ([at_most(-1.0, left=True), at_most(2.0, left=True)], -math.inf),
        ([one_of(0.0, 3.0, left=True), at_most(1.0, left=True)], 0.0),
        ([one_of(3.0, left=False), at_most(1.0, left=False)], math.inf),
    ],
)
def test_a_number_that_goes_the_way_of_missing_values(trees, number):
    assert found(program(*trees)) == {"x": Constant(number, DType.FLOAT64)}


@pytest.mark.parametrize(
    "trees",
    [
        [at_most(-1.0, left=True), at_most(2.0, left=False)],
        [at_most(math.inf, left=False), at_most(1.0, left=True)],
        [one_of(3.0, left=True), at_most(1.0, left=True)],
    ],
)
def test_where_no_number_does_null_stands_for_nan(trees):
    assert found(program(*trees)) == {"x": None}


def test_missing_values_that_always_go_right_past_infinity_need_nothing():
    assert found(program(at_most(math.inf, left=False))) == {}


@pytest.mark.parametrize(
    "one",
    [
        program(at_most(2.0, left=True), dtype=DType.INT64),
        program(at_most(2.0, left=True), nullable=False),
        program(at_most(2.0, left=True), feature=Binary(BinaryOp.ADD, X, X)),
    ],
    ids=["whole numbers", "never missing", "only computed with"],
)
def test_columns_that_need_no_stand_in(one):
    assert found(one) == {}


def test_a_column_that_is_read_elsewhere_stays_as_it_is():
    twice = Binding("twice", Binary(BinaryOp.ADD, X, X))
    sums = Binding("sums", Ensemble((X, Reference("twice")), (at_most(2.0, left=True),), (0.0,)))
    both = (twice, sums, Binding("predict", Reference("sums")))
    assert found(Program((Field("x", DType.FLOAT64),), (), both, PREDICT)) == {}


@pytest.mark.parametrize(
    ("left", "number"), [(True, Constant(0.0, DType.FLOAT64)), (False, None)], ids=["0", "inf"]
)
def test_what_is_demanded_of_a_column_is_demanded_of_the_number(left, number):
    finite = Requirement(X, Interval(-9.0, 9.0), accepts_missing=True, reason="not finite")
    trees = at_most(2.0, left=left), at_most(0.0, left=left)
    instead = found(program(*trees, requirements=(finite,)))
    assert instead == ({"x": number} if number else {})


def test_a_column_that_must_not_be_missing_needs_no_stand_in():
    demand = Requirement(X, Present(), accepts_missing=False, reason="missing")
    assert found(program(at_most(2.0, left=True), requirements=(demand,))) == {}


def test_the_texts():
    columns = {"x": '"x"', "y": '"y"', "z": '"z"'}
    instead = {"x": Constant(0.0, DType.FLOAT64), "z": None}
    assert with_stand_ins(columns, instead, DUCKDB) == (
        """CASE WHEN "x" < 'nan' THEN "x" ELSE 0.0e0 END AS "x",\n"""
        """    CASE WHEN "z" < 'nan' THEN "z" END AS "z\""""
    )
