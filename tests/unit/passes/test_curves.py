from __future__ import annotations

import math
import random

import pytest

from procgen.frontends.power import box_cox, yeo_johnson
from procgen.frontends.scaling import clipped
from procgen.ir.curves import curve
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Column,
    Comparison,
    Constant,
    Expr,
    Fill,
    Function,
    Interval,
    Match,
    Membership,
    Present,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.interpreter import admits, evaluate, is_missing, passes
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.types import DType, Field
from procgen.passes.preimage import preimage
from procgen.passes.settle_requirements import settle_requirements

X = Column("x")
NOTHING = Constant(None, DType.FLOAT64)
COLUMNS = {"x": DType.FLOAT64}


def binary(op: BinaryOp, left: Expr, right: Expr) -> Expr:
    return Binary(op, left, right)


def call(function: Function, argument: Expr = X) -> Expr:
    return Call(function, argument)


def step(at: float, below: float, above: float, missing: Constant = NOTHING) -> Expr:
    return Branch(X, Threshold(Comparison.LE, at), number(below), number(above), missing)


AFFINE = binary(BinaryOp.ADD, binary(BinaryOp.MULTIPLY, X, number(-0.3)), number(1.0))
RISING_TWICE = binary(BinaryOp.SUBTRACT, X, Unary(UnaryOp.NEGATE, X))
CURVES = {
    "log": call(Function.LOG),
    "log1p": call(Function.LOG1P),
    "log2": call(Function.LOG2),
    "sqrt": call(Function.SQRT, binary(BinaryOp.SUBTRACT, X, number(1.5))),
    "exp": call(Function.NUMPY_EXP),
    "expm1": call(Function.EXPM1),
    "normal": call(Function.NORMAL_QUANTILE, clipped(X, 0.1, 0.8)),
    "falling log": call(Function.LOG, binary(BinaryOp.SUBTRACT, number(3.0), X)),
    "log of log": call(Function.LOG10, call(Function.LOG1P)),
    "clip": clipped(AFFINE, 0.0, 1.0),
    "log of clip": call(Function.LOG, clipped(X, 0.5, 2.0)),
    "filled": call(Function.LOG1P, Fill(X, number(3.0))),
    "yeo-johnson": yeo_johnson(X, 0.3),
    "mirrored": yeo_johnson(X, 2.0),
    "logarithmic": yeo_johnson(X, 0.0),
    "box-cox": box_cox(X, -0.5),
    "step": step(1.0, 0.0, 1.0),
    "step down": step(1.0, 2.0, 1.0),
    "step with missing": step(1.0, 0.0, 1.0, number(0.5)),
    "sum": binary(BinaryOp.MULTIPLY, RISING_TWICE, number(0.5)),
}
NO_CURVES = {
    "square": binary(BinaryOp.MULTIPLY, X, X),
    "absolute": Unary(UnaryOp.ABSOLUTE, X),
    "bump": Branch(X, Threshold(Comparison.LE, 0.0), number(0.0), step(1.0, 1.0, 0.0), NOTHING),
    "two columns": binary(BinaryOp.ADD, X, Column("y")),
    "up and down": binary(BinaryOp.SUBTRACT, X, X),
    "drop": Branch(X, Threshold(Comparison.LE, 2.0), X, call(Function.LOG), NOTHING),
    "constant": step(1.0, 3.0, 3.0),
    "table": Match(X, (), number(1.0), number(0.0)),
    "column": X,
}


@pytest.mark.parametrize("name", CURVES)
def test_these_are_proved_to_be_curves(name) -> None:
    assert curve(CURVES[name]) is not None


@pytest.mark.parametrize("name", NO_CURVES)
def test_these_are_not(name) -> None:
    assert curve(NO_CURVES[name]) is None


@pytest.mark.parametrize("name", [*CURVES, "bump", "drop", "square"])
@pytest.mark.parametrize("missing", [True, False])
def test_a_test_on_a_curve_means_the_same_on_what_is_inside(name, missing) -> None:
    expr = {**CURVES, **NO_CURVES}[name]
    draw = random.Random(0)
    bounds = [0.0, 1.0, -0.5, 700.0, -700.0, *(draw.gauss(0, 2) for _ in range(12))]
    for test in (Threshold(op, bound) for bound in bounds for op in Comparison):
        found = preimage(expr, test, missing=missing, columns=COLUMNS)
        values = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 5e-324, 1.5, 3.0, 1e300]
        values += [draw.uniform(-4, 4) for _ in range(10)]
        if isinstance(found.test, Threshold):
            edge = found.test.value
            values += [edge, math.nextafter(edge, -math.inf), math.nextafter(edge, math.inf)]
        for value in values:
            whole, inner = (evaluate(e, {"x": value}, {}) for e in (expr, found.subject))
            want = missing if is_missing(whole) else passes(test, whole)
            got = found.missing if is_missing(inner) else passes(found.test, inner)
            assert (got if is_missing(inner) else got is not found.negated) == want, (test, value)


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize("ends", [(-1.7976931348623157e308, 1.7976931348623157e308), (-0.5, 0.75)])
def test_a_requirement_of_a_curve_admits_the_same_rows_on_its_column(name, accepts, ends) -> None:
    requirement = Requirement(CURVES[name], Interval(*ends), accepts, "out of range")
    program = Program(
        (Field("x", DType.FLOAT64),),
        (requirement,),
        (Binding("margin", X),),
        (Output(OutputName.MARGIN, DType.FLOAT64, "margin"),),
    )
    settled = settle_requirements(program, None)
    draw = random.Random(1)
    values = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 5e-324, 709.8, 1e308, 1.5]
    values += [draw.uniform(-4, 4) for _ in range(60)]
    for limit in settled.requirements:
        if isinstance(limit.test, Interval) and limit.subject == X:
            for end in (limit.test.low, limit.test.high):
                values += [end, math.nextafter(end, -math.inf), math.nextafter(end, math.inf)]
    for value in values:
        assert admits(settled, {"x": value}) == admits(program, {"x": value}), value


def test_what_is_always_in_range_needs_no_interval() -> None:
    program = Program(
        (Field("x", DType.FLOAT64),),
        (Requirement(clipped(X, 0.0, 1.0), Interval(-9.0, 9.0), False, "out of range"),),
        (Binding("margin", X),),
        (Output(OutputName.MARGIN, DType.FLOAT64, "margin"),),
    )
    (requirement,) = settle_requirements(program, None).requirements
    assert (requirement.subject, requirement.test) == (X, Present())


def test_a_membership_is_left_on_the_curve() -> None:
    found = preimage(CURVES["step"], Membership((1.0,)), missing=False, columns=COLUMNS)
    assert found.subject == CURVES["step"]
