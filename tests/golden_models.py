"""Small fixed models whose generated SQL is kept in tests/golden and reviewed when it changes."""

from __future__ import annotations

from procgen.frontends.reading import Source
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Case,
    Choose,
    Column,
    Comparison,
    Constant,
    Element,
    Fill,
    Function,
    Interval,
    Match,
    Membership,
    Reference,
    Sum,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field, ListType

LARGEST = 1.7976931348623157e308
MARGIN, PROBA, PREDICT = OutputName.MARGIN, OutputName.PROBA, OutputName.PREDICT
FLOAT, TEXT = DType.FLOAT64, DType.TEXT


def text(value: str) -> Constant:
    return Constant(value, TEXT)


def below(value: float) -> Threshold:
    return Threshold(Comparison.LE, value, DType.FLOAT32)


def boosted_classifier() -> Program:
    """Two trees over a scaled column, a one-hot column and an integer; missing ages go left."""
    scaled = Binary(
        BinaryOp.DIVIDE, Binary(BinaryOp.SUBTRACT, Column("age"), number(40)), number(8)
    )
    basic = Match(Column("plan"), (Case("basic", number(1)),), number(0), number(0))
    visits = Unary(UnaryOp.TO_FLOAT64, Column("visits"))
    trees = (
        Tree(
            (
                Split(0, below(0.5), default_left=True, left=1, right=4),
                Split(1, below(0.5), default_left=False, left=2, right=3),
                Leaf((0.25,)),
                Leaf((-0.5,)),
                Leaf((0.125,)),
            )
        ),
        Tree(
            (Split(2, below(2.5), default_left=False, left=1, right=2), Leaf((0.1,)), Leaf((-0.1,)))
        ),
    )
    margin = Reference("margin")
    return Program(
        inputs=(Field("age", FLOAT), Field("plan", TEXT), Field("visits", DType.INT64)),
        requirements=(
            Requirement(
                visits, Interval(-LARGEST, LARGEST), accepts_missing=False, reason="missing"
            ),
        ),
        bindings=(
            Binding("trees", Ensemble((scaled, basic, visits), trees, (-0.75,))),
            Binding("margin", Element(Reference("trees"), 0)),
            Binding("proba", Call(Function.EXPIT, margin)),
            Binding(
                "predict",
                Branch(margin, Threshold(Comparison.LT, 0.0), text("no"), text("yes"), text("no")),
            ),
        ),
        outputs=(
            Output(PREDICT, TEXT, "predict"),
            Output(PROBA, FLOAT, "proba"),
            Output(MARGIN, FLOAT, "margin"),
        ),
    )


def forest_of_three_classes() -> Program:
    """Averaged leaves with a value for each class; a category that is unseen goes right."""
    trees = tuple(
        Tree(
            (
                Split(0, Membership(("north", "south")), default_left=True, left=1, right=2),
                Leaf((1.0, 0.0, 0.0)),
                Split(1, Threshold(Comparison.LT, bound), default_left=False, left=3, right=4),
                Leaf((0.25, 0.75, 0.0)),
                Leaf((0.0, 0.5, 0.5)),
            ),
            outputs=(0, 1, 2),
        )
        for bound in (1.5, 2.5)
    )
    labels = tuple(Constant(label, DType.INT64) for label in (1, 2, 3))
    scores = ListType(FLOAT)
    return Program(
        inputs=(Field("region", TEXT), Field("income", FLOAT)),
        requirements=(
            Requirement(
                Column("income"),
                Interval(-LARGEST, LARGEST),
                accepts_missing=False,
                reason="missing",
            ),
        ),
        bindings=(
            Binding(
                "trees",
                Ensemble((Column("region"), Column("income")), trees, (0.0, 0.0, 0.0), divisor=2.0),
            ),
            Binding("margin", Reference("trees")),
            Binding("proba", Reference("margin")),
            Binding("predict", Choose(Call(Function.ARGMAX, Reference("margin")), labels)),
        ),
        outputs=(
            Output(PREDICT, DType.INT64, "predict"),
            Output(PROBA, scores, "proba"),
            Output(MARGIN, scores, "margin"),
        ),
    )


def poisson_regression() -> Program:
    """A weighted sum of an imputed column and a one-hot column, and the exponential of it."""
    age = Fill(Column("age"), number(39.5))
    plans = (("basic", 0.25), ("gold", -1.5))
    terms = (
        Binary(BinaryOp.MULTIPLY, age, number(0.015)),
        *(
            Binary(
                BinaryOp.MULTIPLY,
                Match(Column("plan"), (Case(plan, number(1)),), number(0), number(0)),
                number(weight),
            )
            for plan, weight in plans
        ),
        number(-2.0),
    )
    return Program(
        inputs=(Field("age", FLOAT), Field("plan", TEXT)),
        requirements=(
            Requirement(
                age, Interval(-LARGEST, LARGEST), accepts_missing=False, reason="not finite"
            ),
        ),
        bindings=(
            Binding("margin", Sum(terms)),
            Binding("predict", Call(Function.EXP, Reference("margin"))),
        ),
        outputs=(Output(PREDICT, FLOAT, "predict"), Output(MARGIN, FLOAT, "margin")),
    )


PROGRAMS = {
    "boosted_classifier": boosted_classifier,
    "forest_of_three_classes": forest_of_three_classes,
    "poisson_regression": poisson_regression,
}


def source(program: Program) -> Source:
    return Source(
        program=program, class_names=("golden.Model",), versions={}, classes=(), exact=True
    )
