from __future__ import annotations

import math

import pytest

from procgen.ir.bounds import Bounds
from procgen.ir.enclosure import enclose
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Column,
    Comparison,
    Element,
    Function,
    Reference,
    Sum,
    Threshold,
    Vector,
    number,
)
from procgen.ir.interpreter import interpret
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.spans import ANYTHING, Options, Span, holds
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field, ListType

FIELDS = tuple(Field(name, DType.FLOAT64) for name in "abc")
ROW = {"a": 0.3, "b": -1.7, "c": 1e-3}


WEIGHTS = (number(16777216.0), number(-3.0))


def program(*bindings, kind=DType.FLOAT64) -> Program:
    named = tuple(Binding(name, value) for name, value in bindings)
    return Program(FIELDS, (), named, (Output(OutputName.MARGIN, kind, named[-1].name),))


def weighted() -> Sum:
    weights = {"a": 3.0, "b": 5.0, "c": 7.0}
    products = (Binary(BinaryOp.MULTIPLY, Column(n), number(w)) for n, w in weights.items())
    return Sum(tuple(products))


def test_a_weighted_sum_has_one_value_unless_any_order_is_asked_for() -> None:
    total = program(("margin", weighted()))
    exact = enclose(total, ROW, any_order=False)["margin"]
    loose = enclose(total, ROW, any_order=True)["margin"]
    (value,) = interpret(total, [ROW])[OutputName.MARGIN]
    assert exact == Span(value, value)
    assert loose.low < value < loose.high
    assert loose.high - loose.low < 1e-13


def test_exp_may_end_in_other_bits() -> None:
    power = program(("margin", Call(Function.EXP, Column("a"))))
    found = enclose(power, ROW, any_order=False)["margin"]
    assert holds(found, math.nextafter(math.exp(0.3), 2))
    assert not holds(found, math.exp(0.3) * (1 + 1e-14))


@pytest.mark.parametrize("function", [Function.EXP, Function.EXP_FLOAT32])
def test_an_infinite_power_is_held(function) -> None:
    power = program(("margin", Call(function, Column("a"))))
    found = enclose(power, {**ROW, "a": 1e36}, any_order=False)["margin"]
    assert holds(found, math.inf)
    assert not math.isnan(found.low)
    assert not holds(found, 1e38)


@pytest.mark.parametrize(("threshold", "values"), [(1.0, {1.0}), (2.0, {2.0})])
def test_a_test_far_from_its_threshold_goes_one_way(threshold, values) -> None:
    label = Branch(
        Call(Function.EXP, Column("a")),
        Threshold(Comparison.LE, threshold),
        number(2.0),
        number(1.0),
        number(0.0),
    )
    found = enclose(program(("margin", label)), ROW, any_order=False)["margin"]
    assert values == {found.low, found.high}


def test_a_tree_over_an_uncertain_score_may_end_in_either_leaf() -> None:
    at = math.exp(0.3)
    nodes = (Split(0, Threshold(Comparison.LE, at), False, 1, 2), Leaf((1.0,)), Leaf((5.0,)))
    trees = Ensemble((Reference("score"),), (Tree(nodes),), (0.0,))
    both = program(
        ("score", Call(Function.EXP, Column("a"))),
        ("margin", trees),
        kind=ListType(DType.FLOAT64),
    )
    assert enclose(both, ROW, any_order=False)["margin"] == (Span(1.0, 5.0),)


def test_argmax_of_equal_values_is_the_first_and_of_close_ones_is_open() -> None:
    equal = program(("margin", Call(Function.ARGMAX, Vector((number(1.0), number(1.0))))))
    assert enclose(equal, ROW, any_order=False)["margin"] == Options(frozenset({0}))
    score = Call(Function.EXP, Column("a"))
    close = program(
        ("score", score),
        ("margin", Call(Function.ARGMAX, Vector((Reference("score"), number(math.exp(0.3)))))),
    )
    assert enclose(close, ROW, any_order=False)["margin"] == Options(frozenset({0, 1}))


def test_shares_hold_what_the_interpreter_says() -> None:
    listed = Vector((Column("a"), Column("b"), Column("c")))
    for function in (Function.SOFTMAX, Function.SOFTMAX_OF_LOGS, Function.EXPIT_EACH):
        shares = program(("margin", Call(function, listed)), kind=ListType(DType.FLOAT64))
        (value,) = interpret(shares, [ROW])[OutputName.MARGIN]
        assert holds(enclose(shares, ROW, any_order=False)["margin"], value)


def test_a_sum_in_float32_holds_every_sum_of_the_ends() -> None:
    def margin(*values):
        pairs = (part for pair in zip(values, WEIGHTS, strict=True) for part in pair)
        total = Call(Function.WEIGHTED_SUM_FLOAT32, Vector((number(0.5), *pairs)))
        return program(("margin", total))

    half = Threshold(Comparison.LE, math.exp(ROW["a"]))
    ends = (number(1.1), number(2.3))
    either = Branch(Call(Function.EXP, Column("a")), half, *ends, missing=ends[0])
    found = enclose(margin(either, either), ROW, any_order=False)["margin"]
    sums = {
        interpret(margin(first, second), [ROW])[OutputName.MARGIN][0]
        for first in ends
        for second in ends
    }
    assert (found.low, found.high) == (min(sums), max(sums))
    exact = enclose(margin(Column("a"), Column("b")), ROW, any_order=True)["margin"]
    assert exact.low == exact.high


def test_an_overflow_may_be_anything() -> None:
    row = {**ROW, "a": math.inf, "b": math.inf}
    gap = program(("margin", Binary(BinaryOp.SUBTRACT, Column("a"), Column("b"))))
    assert enclose(gap, row, any_order=False)["margin"] == ANYTHING


def test_bounds_look_through_names_into_leaves() -> None:
    nodes = (Split(0, Threshold(Comparison.LE, 0.0), False, 1, 2), Leaf((-4.0,)), Leaf((3.0,)))
    trees = Ensemble((Column("a"),), (Tree(nodes), Tree(nodes)), (1.0,), divisor=2.0)
    bounds = Bounds({"trees": trees, "score": Element(Reference("trees"), 0)})
    assert bounds.of(Reference("score")) == 4.5
    assert bounds.of(Binary(BinaryOp.MULTIPLY, Reference("score"), number(-2.0))) == 9.0
    assert bounds.of(Call(Function.EXPIT, Column("a"))) == 1.0
    assert bounds.of(Column("a")) == math.inf
